namespace Ledger;

/// <summary>
/// Named places at which a test stops the process, to kill it or its database there. Without <c>LEDGER_FAULT_POINT</c> in
/// the environment they do nothing; with it, <c>ledger serve</c> warns of it at its start.
/// </summary>
public static class FaultPoint
{
    private static readonly string? Armed = Environment.GetEnvironmentVariable("LEDGER_FAULT_POINT");
    private static int _reached;

    /// <summary>The point that is armed, if any: worth a warning at the start.</summary>
    public static string? ArmedPoint => Armed;

    /// <summary>
    /// Where this is the armed point: writes <c>fault point NAME</c> to standard output, once, and waits for a line on standard input.
    /// </summary>
    public static void At(string name)
    {
        if (Armed is null || Armed != name || Interlocked.Exchange(ref _reached, 1) == 1)
            return;
        Console.Out.WriteLine($"fault point {name}");
        Console.Out.Flush();
        Console.In.ReadLine();
    }
}
