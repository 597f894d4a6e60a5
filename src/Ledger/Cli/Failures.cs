using System.Net.Sockets;
using Ledger.Audit.Mirror;
using Ledger.Audit.Rebuilding;
using Ledger.Database.Checks;
using Ledger.Database.Embedded;
using Ledger.EventStore;
using Ledger.Import;
using Ledger.Keys;
using Ledger.Log.Cosigning;
using Npgsql;

namespace Ledger.Cli;

/// <summary>
/// The message that a person gets when a command fails: one line with the problem and the remedy. Never a stack trace, never data.
/// </summary>
internal static class Failures
{
    /// <summary>Writes the line and returns the exit code.</summary>
    public static int Tell(Exception e, TextWriter error)
    {
        if (e is OperationCanceledException { InnerException: not TimeoutException })
        {
            error.WriteLine("ledger: stopped");
            return ExitCodes.Stopped;
        }
        // A name or path may hold what a terminal takes for an order.
        error.WriteLine($"ledger: {string.Concat(Describe(e).Select(c => char.IsControl(c) && c is not '\n' ? '\uFFFD' : c))}");
        return (e as CommandException)?.ExitCode ?? ExitCodes.Failed;
    }

    private static string Describe(Exception e) =>
        e switch
        {
            CommandException or EmbeddedPostgresException or UnfitDatabaseException or ImportException => e.Message,
            LogException or MirrorException or RebuildException or WitnessException => e.Message,
            // Ours (keys, migrations): their messages are written for people. A library's may quote data.
            InvalidOperationException when e.Source == typeof(Failures).Assembly.GetName().Name => e.Message,
            ImportInterruptedException => $"{DescribeInterruption(e.InnerException!)}. {e.Message}",
            LostRaceException => "somebody else changed the same thing at the same moment, again and again: try once more",
            PostgresException refused => DescribeRefusal(refused),
            NpgsqlException unreachable =>
                $"the database cannot be reached ({Reason(unreachable)}): check that it runs and that the connection string is right",
            HttpRequestException unanswered =>
                $"the service cannot be reached ({unanswered.Message}): check that it runs and that the URL is right",
            IOException or UnauthorizedAccessException => e.Message,
            _ => $"{e.GetType().Name}: this is a bug. Please report it with the command that you ran",
        };

    /// <summary>Of work that had begun: the database was there, and the connection string was right.</summary>
    private static string DescribeInterruption(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => Describe(e),
        // Resources, an operator, the system: what they say is about the server and its files.
        PostgresException gaveUp when gaveUp.SqlState[..2] is "08" or "53" or "57" or "58" =>
            $"the database gave up ({gaveUp.MessageText})",
        NpgsqlException lost and not PostgresException => $"the connection to the database was lost ({Reason(lost)})",
        _ => Describe(e),
    };

    /// <summary>Only what the server says about the connection is shown: other messages of it may quote what is stored.</summary>
    private static string DescribeRefusal(PostgresException e) => e.SqlState switch
    {
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            "the database only reads (a standby, or `default_transaction_read_only` is on): connect to the primary",
        PostgresErrorCodes.QueryCanceled => "the database stopped a statement that took too long: try again when it has less to do",
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable =>
            "somebody else held what was needed, for too long: try once more",
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted or PostgresErrorCodes.UndefinedFile =>
            $"files of the database are damaged (SQLSTATE {e.SqlState}; its log names them): keep a copy, and restore it from a backup",
        PostgresErrorCodes.DiskFull => "the disk of the database is full: make room on it",
        PostgresErrorCodes.InsufficientPrivilege when e.Routine == "check_enable_rls" =>
            $"row level security hides rows from this role ({e.MessageText}): disable it on that table, or give the role BYPASSRLS",
        PostgresErrorCodes.InsufficientPrivilege =>
            $"the database refused ({e.MessageText}): this role lacks a right that `ledger migrate` grants to ledger_service",
        PostgresErrorCodes.UntranslatableCharacter => "the database does not take every character: its encoding must be UTF8",
        _ when e.SqlState[..2] is "28" or "3D" or "53" or "57" or "08" =>
            $"the database cannot be reached ({e.MessageText}): check that it runs and that the connection string is right",
        _ => $"the database refused a statement with SQLSTATE {e.SqlState}: this is a bug. Please report it with the command that you ran",
    };

    private static string Reason(NpgsqlException e) => e.InnerException switch
    {
        SocketException socket => socket.Message,
        TimeoutException => "no answer in time",
        _ => e.Message,
    };
}
