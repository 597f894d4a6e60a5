using Ledger.Contracts.Jobs;

namespace MartenReader;

/// <summary>What the program was asked for.</summary>
/// <param name="Connection">As a member of <c>ledger_reader</c>.</param>
/// <param name="Job">The job to show; null: the latest.</param>
/// <param name="Once">End at the present end of the events.</param>
internal sealed record Arguments(string Connection, JobId? Job, bool Once)
{
    private const string Variable = "LEDGER_READER_CONNECTION";

    public const string Usage =
        $"""
        marten-reader [JOB] [--once] --connection 'Host=…;Database=ledger;Username=…;Password=…'
        The connection string may be in {Variable} instead. JOB is cdj-… and a UUID. --help says more.
        """;

    public const string Help =
        $"""
        Reads a deletion ledger by a Marten store of its own. It writes nothing there but how far it has followed the events.

          marten-reader [JOB] [--once] [--connection STRING]

          JOB                  The job to show, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c. Without it: the latest.
          --once               End at the present end of the events. Without it, it follows them until Ctrl-C.
          --connection STRING  Npgsql's connection string, of a role that is a member of ledger_reader (or {Variable}).

        A superuser makes such a role once:

          create role bi login password '…' in role ledger_reader;

        It prints the number of events and streams, one job event by event, that job's status as it is folded from its events and as
        it is stored, and then the events that it follows. The next run goes on where this one stopped. To see all of them again:

          delete from ledger.mt_event_progression where name = '{Follower.Shard}';

        Warnings of skipped numbers are normal: a failed append leaves a gap. docs/marten.md says what a gap costs.
        Exit codes: 0 done, or stopped by Ctrl-C; 1 it went wrong; 2 wrong use.
        """;

    /// <summary>Null: wrong use.</summary>
    public static Arguments? Read(string[] args)
    {
        var connection = Environment.GetEnvironmentVariable(Variable);
        JobId? job = null;
        var once = false;
        for (var n = 0; n < args.Length; n++)
        {
            if (args[n] == "--once")
                once = true;
            else if (args[n] == "--connection" && n + 1 < args.Length)
                connection = args[++n];
            else if (job is null && JobId.TryParse(args[n], out var id))
                job = id;
            else
                return null;
        }
        return string.IsNullOrEmpty(connection) ? null : new Arguments(connection, job, once);
    }
}
