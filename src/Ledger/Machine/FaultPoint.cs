using System.Collections.Concurrent;

namespace Ledger.Machine;

/// <summary>
/// Named places at which a test stops the process, to kill it or its database there. They do nothing unless <c>LEDGER_FAULT_POINT</c> in
/// the environment names them, with commas between. Then <c>ledger serve</c> warns of it at its start.
/// </summary>
public static class FaultPoint
{
    private static readonly string? Armed = Environment.GetEnvironmentVariable("LEDGER_FAULT_POINT");
    private static readonly ConcurrentDictionary<string, bool> Ahead = new(
        (Armed ?? "").Split(',').Distinct().Select(name => KeyValuePair.Create(name, true)));

    /// <summary>The armed points, which are worth a warning at the start. Null if none are armed.</summary>
    public static string? ArmedPoint => Armed;

    /// <summary>
    /// If this point is armed, writes <c>fault point NAME</c> to standard output, once, and waits for a line on standard input.
    /// </summary>
    public static void At(string name)
    {
        if (Armed is null || !Ahead.TryRemove(name, out _))
            return;
        Console.Out.WriteLine($"fault point {name}");
        Console.Out.Flush();
        Console.In.ReadLine();
    }
}
