using Ledger.Execution;
using Ledger.Execution.Turns;
using Ledger.Jobs;
using Ledger.Log;
using Ledger.Log.ChangeLogs;
using Ledger.Log.Sequencing;
using Ledger.Notifications;
using Ledger.Pages;
using Ledger.Pages.Jobs;
using Ledger.Pages.Log;
using Ledger.Web.Tokens;

namespace Ledger.SystemTests.Scale;

/// <summary>
/// The statements that a service runs all the time on tables that grow for ever. Whoever adds one to the product adds it here, with its
/// bound.
/// </summary>
internal static class ScaleStatements
{
    private const string Yesterday = "clock_timestamp() - interval '1 day'";

    /// <summary>Windows with 10,000 waiting jobs each, as the fill's first and last number give them.</summary>
    public static IReadOnlyList<Func<int, int, string>> Windows { get; } =
    [
        (first, last) => ScaleFill.Waiting("new", first, last, firstLeaf: 1_000_000),
        (first, last) => ScaleFill.Waiting("covered", first, last, started: true, firstLeaf: 1_050_000),
        // Started, and the log has not got to them; the last has not started.
        (first, last) => ScaleFill.Waiting(
            "uncovered", first, Math.Min(last, ScaleDatabase.WaitingJobs - 1), started: true, firstLeaf: ScaleFill.Leaves),
        (_, last) => last < ScaleDatabase.WaitingJobs ? "" : ScaleFill.Waiting("uncovered", last, last, firstLeaf: ScaleFill.Leaves),
        (first, last) => ScaleFill.Waiting("tomorrow", first, last, due: "clock_timestamp() + interval '1 day'", firstLeaf: 1_100_000),
        // Their opening has ended; the log has not got to them.
        (first, last) => ScaleFill.Waiting(
            "ended", first, last, Yesterday, "clock_timestamp() - interval '1 minute'", started: true, 2 * ScaleFill.Leaves),
    ];

    public static IReadOnlyList<ScaleStatement> Claims { get; } =
    [
        new("the bots with due jobs", typeof(DueJobs), "LookAsync", 20, "text 'new'", $"text[] '{{{ScaleFill.Bot}}}'") { Rows = 1 },
        State("what is due in windows", "{new,covered}", "{-infinity,-infinity}") with { Buffers = 100, Rows = 2 },
        State("what is due in a window tomorrow", "{tomorrow}", "{-infinity}") with { Rows = 1 },
        Claim("of jobs that have not started", "new", rows: 1),
        Claim("of started jobs", "covered", rows: 1),
        Claim("behind 9,999 jobs that the log does not cover", "uncovered", rows: 1) with { Buffers = 300 },
        Claim("in a window whose jobs are due tomorrow", "tomorrow", rows: 0),
        Claim("in a window without jobs", "none", rows: 0),
        Claim("of jobs whose opening has ended", "ended", rows: 1),
        Claim("of started jobs while the log is behind", "covered", rows: 0) with
        {
            Buffers = 160, // sixteen jobs are looked at
            Given = "update ledger.log_state set covered_until = '2026-01-01'",
        },
        Claim("beside 31 lanes", "new", rows: 1) with
        {
            Buffers = 350,
            Elsewhere = "select from ledger.mt_streams s join ledger.mt_doc_job j on j.id = s.id where j.window_name = 'new' "
                + "order by j.planned_at, j.submitted_at, j.id limit 31 for update of s",
        },
        new("a claim of the same job again", typeof(ClaimedJob), nameof(ClaimedJob.AgainAsync), 40, Job("new", 5_000), "bigint 3")
        {
            Rows = 1,
        },
    ];

    public static IReadOnlyList<ScaleStatement> All { get; } =
    [
        .. Claims,
        new("keeping how far a list is resolved", typeof(JobWriter), "Keep", 40, Job("new", 5_000), "jsonb '{}'"),
        new("a submission that was sent before", typeof(JobSubmission), "FindAsync", 12, Job("done", 50_000)) { Rows = 1 },
        new("a job's status", typeof(JobReader), nameof(JobReader.StatusAsync), 16, Job("done", 50_000), Bot, "text 'cs-scale'")
        {
            Rows = 1,
        },
        new("the first page of a bot's jobs", typeof(JobReader), nameof(JobReader.ListAsync), 600,
            $"text[] '{{{ScaleFill.Bot}}}'", "text null", "timestamptz null", "uuid null", "int 50") { Rows = 50 },
        new("a delivery that is to be sent", typeof(Deliveries), nameof(Deliveries.FindAsync), 30,
            "uuid '00000000-0000-0000-0000-000000000000'", "int 1000"),
        new("the engine's dead letters", typeof(DeadLetters), nameof(DeadLetters.ListAsync), 20, "int 50"),
        new("the use of a token", typeof(UsedTokens), nameof(UsedTokens.IsFirstUseAsync), 30,
            "text 'cs-scale'", "bytea sha256('another')", "timestamptz '2027-01-01'"),
        new("a pass over expired tokens", typeof(UsedTokens), nameof(UsedTokens.DeleteExpiredAsync), 10,
            "timestamptz '2020-01-01'", "int 10000"),
        new("whether the log is ready", typeof(PublishedLog), nameof(PublishedLog.ProblemAsync), 12) { Rows = 1 },
        // What "while witnesses are away" adds is undone, and its index entries stay.
        new("the latest signed checkpoint", typeof(CheckpointStore), nameof(CheckpointStore.LatestAsync), 60, Origin) { Rows = 1 },
        new("the latest published checkpoint", typeof(CheckpointStore), "LatestPublished", 12, Origin) { Rows = 1 },
        new("the latest published checkpoint, while witnesses are away", typeof(CheckpointStore), "LatestPublished", 12, Origin)
        {
            Rows = 1,
            Given = Unpublished,
        },
        new("the log's overview", typeof(LogOverview), "StateAsync", 60) { Rows = 1 },
        new("a page of checkpoints in the middle", typeof(LogOverview), "CheckpointsAsync", 70, Origin, "bigint 500000", "int 50")
        {
            Rows = 50,
        },
        new("the log's look at 100 events that wait", typeof(Sequencer), "ReadWaiting", 3_000, "bigint 4096", "bigint 0")
        {
            Given = "insert into ledger.log_queue (stream_id, first_version, last_version) " +
                "select md5('done' || n)::uuid, 1 + n % 2, 1 + n % 2 from generate_series(1, 100) n",
        },
        new("a page of a change log", typeof(ChangeLog), nameof(ChangeLog.PageAsync), 700,
            Bot, "bigint -1", "timestamptz '-infinity'", "timestamptz 'infinity'", "bigint 50", "bigint 0") { Rows = 50 },
        new("a page of a change log behind a cursor", typeof(ChangeLog), nameof(ChangeLog.PageAsync), 700,
            Bot, "bigint 500000", "timestamptz '-infinity'", "timestamptz 'infinity'", "bigint 50", "bigint 0") { Rows = 50 },
        new("where a cursor is", typeof(ChangeLog), nameof(ChangeLog.PositionAsync), 12,
            Bot, "uuid md5(md5('done50000')::uuid::text || 'entry4')") { Rows = 1 },
        new("what was erased tonight", typeof(ErasedByNight), "ReadAsync", 60,
            $"text[] '{{{ScaleFill.Bot}}}'", "timestamptz[] array[timestamptz '2026-01-02 03:46']", "timestamptz '2026-01-01'"),
        new("a job's timeline", typeof(JobHistory), nameof(JobHistory.TimelineAsync), 60, Job("done", 50_000)) { Rows = 5 },
        new("a bundle of 256 leaves", typeof(StoredLeaf), nameof(StoredLeaf.ReadAsync), 2_000, "bigint 150000", "bigint 150256"),
    ];

    private const string Bot = $"text '{ScaleFill.Bot}'";
    private const string Origin = $"text '{ScaleFill.Origin}'";

    private static string Unpublished { get; } =
        "insert into ledger.log_checkpoints (origin, size, root, note, signed_at) " +
        $"select '{ScaleFill.Origin}', {ScaleFill.Leaves} + n, sha256('root'), 'note', now() from generate_series(1, 5000) n";

    private static ScaleStatement State(string name, string windows, string from) =>
        new(name, typeof(WindowStates), nameof(WindowStates.ReadAsync), 60, $"text[] '{windows}'", $"timestamptz[] '{from}'",
            $"timestamptz[] '{from}'", $"uuid[] '{from.Replace("-infinity", $"{Guid.Empty}", StringComparison.Ordinal)}'");

    private static ScaleStatement Claim(string name, string window, int rows) =>
        new(
            $"a claim {name}", typeof(DueJobs), nameof(DueJobs.NextAsync), 60,
            $"text '{window}'", Bot, "timestamptz '-infinity'", "timestamptz '-infinity'", "uuid '00000000-0000-0000-0000-000000000000'",
            "timestamptz '-infinity'", "timestamptz '-infinity'", "uuid '00000000-0000-0000-0000-000000000000'")
        {
            Rows = rows,
        };

    private static string Job(string window, int number) => $"uuid md5('{window}{number}')";
}
