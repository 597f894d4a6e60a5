using Ledger.Database;
using Npgsql;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>What of an exception may be logged: types and SqlStates. Messages that others wrote may carry identifiers.</summary>
internal static class Failure
{
    public static string Describe(Exception e)
    {
        var causes = new List<string>();
        for (var cause = e; cause is not null; cause = cause.InnerException)
            causes.Add(One(cause));
        return string.Join(" <- ", causes);
    }

    /// <summary>Quartz quotes the exceptions that it wraps, stack trace included; what it has to say itself comes first.</summary>
    public static string FirstLine(string message)
    {
        var line = message.Split('\n', 2)[0].TrimEnd();
        return line.Length <= 200 ? line : line[..200] + "…";
    }

    // Quartz's tables hold no identifiers, so what its scheduler says of them (a table that is missing, say) can be shown.
    private static string One(Exception e) => e switch
    {
        PostgresException p => $"{nameof(PostgresException)} {p.SqlState}",
        UnfitDatabaseException u => u.Message,
        SchedulerException s => $"{s.GetType().Name}: {FirstLine(s.Message)}",
        _ => e.GetType().Name,
    };
}
