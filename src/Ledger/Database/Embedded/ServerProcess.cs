using System.Diagnostics;
using Ledger.Machine;

namespace Ledger.Database.Embedded;

/// <summary>A server's process that we have just started. Disposing this lets go of it, and the server runs on.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ServerProcess(Process process)
    {
        _process = process;
        // Both end when the server's own process has taken over the writing of its log, or when the server ends.
        (_output, _error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Close();
    }

    /// <summary>True if the process has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>
    /// Starts a server in a session of its own, where the machine can do that: an interrupt at our terminal does not reach it.
    /// </summary>
    /// <param name="line">The program and its arguments; nothing secret.</param>
    public static ServerProcess Start(IReadOnlyList<string> line)
    {
        var setsid = ShortProgram.Find("setsid", Environment.GetEnvironmentVariable("PATH")) ?? ShortProgram.Find("setsid", null);
        return new ServerProcess(Process.Start(ShortProgram.StartInfo(setsid is null ? line : [setsid, .. line]))!);
    }

    /// <summary>The words of a server that has ended, before it had a log to write them to.</summary>
    public async Task<string> LastWordsAsync()
    {
        await _process.WaitForExitAsync();
        return (await _output + await _error).Trim();
    }

    public void Dispose() => _process.Dispose();
}
