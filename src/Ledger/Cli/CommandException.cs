using Ledger.Engine;

namespace Ledger.Cli;

/// <summary>A verb cannot do what it was asked to; the message says why and what to do, in words for the person who asked.</summary>
public sealed class CommandException(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode => exitCode;

    /// <summary>An error in the command line itself: exit code 2.</summary>
    public static CommandException Usage(string message) => new(message, ExitCodes.Usage);

    /// <summary>Throws where the registry said no.</summary>
    public static void ThrowIf(Rejection? rejection)
    {
        if (rejection is not null)
            throw new CommandException(rejection.Message);
    }
}

/// <summary>The exit codes of the process.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>The job that was waited for failed.</summary>
    public const int JobFailed = 3;

    /// <summary>An import left out lines whose conversations were erased before.</summary>
    public const int ErasedLeftOut = 3;

    /// <summary>The job that was waited for was cancelled.</summary>
    public const int JobCancelled = 4;

    /// <summary>Something that was asked for was not found: nothing is known of an id, or a job had no such conversation.</summary>
    public const int NotFound = 5;

    /// <summary>Stopped by Ctrl-C, SIGTERM or SIGHUP before it was done (128 + SIGINT, as shells have it).</summary>
    public const int Stopped = 130;
}
