using Ledger.Database.Checks;
using Npgsql;

namespace Ledger.Database;

/// <summary>Tells failures apart, and describes them in a form that may be logged.</summary>
internal static class Failure
{
    /// <summary>
    /// Nothing but the connection is at fault: it broke, timed out, could not be made or was not to be had, or the server ended the session
    /// (FATAL or PANIC: shutting down, starting up, too many connections, not let in). 25006: read-only, which a demoted primary becomes.
    /// </summary>
    public static bool IsUnreachable(Exception exception) => exception switch
    {
        PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "53300" or "25006" } => true,
        PostgresException { InvariantSeverity: "FATAL" or "PANIC" } => true,
        PostgresException postgres => postgres.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException or TimeoutException => true,
        _ => false,
    };

    /// <summary>True if the server ended a statement, by a timeout that was set for the role.</summary>
    public static bool IsTimeout(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable };

    /// <summary>
    /// An exception and its causes as types, SqlStates and constraints, which may be logged. Messages that others wrote may carry
    /// identifiers.
    /// </summary>
    public static string Describe(Exception e)
    {
        var causes = new List<string>();
        for (var cause = e; cause is not null; cause = cause.InnerException)
            causes.Add(One(cause));
        return string.Join(" <- ", causes);
    }

    private static string One(Exception e) => e switch
    {
        PostgresException p => $"{nameof(PostgresException)} {p.SqlState} {p.ConstraintName}".TrimEnd(),
        UnfitDatabaseException u => u.Message,
        _ => e.GetType().Name,
    };
}
