using Npgsql;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>What of an exception may be logged: its type and SqlState. Messages of exceptions we did not write may carry identifiers.</summary>
internal static class Failure
{
    public static string Describe(Exception e)
    {
        var causes = new List<string>();
        for (var cause = e; cause is not null; cause = cause.InnerException)
            causes.Add(One(cause));
        return string.Join(" <- ", causes);
    }

    // Quartz's tables hold no identifiers, so what its scheduler says of them (a table that is missing, say) can be shown.
    private static string One(Exception e) => e switch
    {
        PostgresException p => $"{nameof(PostgresException)} {p.SqlState}",
        SchedulerException s => $"{s.GetType().Name}: {s.Message}",
        _ => e.GetType().Name,
    };
}
