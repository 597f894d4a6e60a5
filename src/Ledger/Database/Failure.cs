using Npgsql;

namespace Ledger.Database;

/// <summary>What of an exception may be logged: types and SqlStates. Messages that others wrote may carry identifiers.</summary>
internal static class Failure
{
    /// <summary>It and its causes.</summary>
    public static string Describe(Exception e)
    {
        var causes = new List<string>();
        for (var cause = e; cause is not null; cause = cause.InnerException)
            causes.Add(One(cause));
        return string.Join(" <- ", causes);
    }

    private static string One(Exception e) => e switch
    {
        PostgresException p => $"{nameof(PostgresException)} {p.SqlState}",
        UnfitDatabaseException u => u.Message,
        _ => e.GetType().Name,
    };
}
