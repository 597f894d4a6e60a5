using System.Runtime.InteropServices;

namespace Ledger.Cli;

/// <summary>SIGHUP, sent when the terminal goes: as SIGTERM, so that a service ends cleanly and stops its own PostgreSQL.</summary>
internal static class HangUp
{
    private const int Terminate = 15;

    /// <summary>From here on, of this process. Under <c>nohup</c> it goes on as before: .NET leaves an ignored signal ignored.</summary>
    public static void EndsAsSigterm()
    {
        if (!OperatingSystem.IsWindows())
            s_registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, PassOn);
    }

    /// <summary>The runtime forgets a registration that nobody holds.</summary>
    private static PosixSignalRegistration? s_registration;

    private static void PassOn(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _ = Kill(Environment.ProcessId, Terminate);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
