namespace Ledger.SystemTests.Scale;

/// <summary>
/// The rows of a ledger that has been busy for long, made by SQL. Every table gets what a job leaves in it, about as wide as in life.
/// </summary>
internal static class ScaleFill
{
    /// <summary>Leaves of the published log: what is above is not covered yet.</summary>
    public const int Leaves = 1_200_000;

    public const string Origin = "ledger.example/scale";
    public const string Bot = "st-scale";

    private const int Events = 3;

    /// <summary>Of an ended job: 100,000 of them have 1,000,000 events.</summary>
    private const int EndedEvents = 10;

    /// <summary>The tables that grow, without the schema.</summary>
    public static IReadOnlyList<string> GrowingTables { get; } =
    [
        "mt_streams", "mt_events", "mt_doc_jobstatus", "mt_doc_job", "job_work", "job_secrets", "job_manifest", "log_runs",
        "log_checkpoints", "log_queue", "change_log",
        "deliveries", "used_tokens", "rate_counters",
    ];

    /// <summary>No trigger fires (what is filled in is not queued for the log, say), and nothing is analyzed but by the test.</summary>
    public static string Prepare => string.Join('\n', GrowingTables.Select(
        table => $"alter table ledger.{table} disable trigger user, set (autovacuum_enabled = false);"));

    /// <summary>Jobs that have ended, with all that they leave.</summary>
    public static string Ended(int first, int last) => $"""
        {Numbers("done", first, last, "timestamptz '2026-01-01'")}
        {Jobs(status: "completed", firstLeaf: 0, EndedEvents)}
        insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select nextval('ledger.mt_events_sequence'), md5(id::text || v)::uuid, id, v,
                jsonb_build_object('bot', '{Bot}', 'ordinal', v, 'commitment', repeat('c', 64)), 'conversation_deleted', at
            from filled, generate_series(1, {EndedEvents}) v;
        insert into ledger.change_log
                (bot_id, position, id, stream_id, first_version, last_version, first_leaf, created_at, outcomes)
            select '{Bot}', (n - 1) * {EndedEvents} + e.last - 1, md5(id::text || 'entry' || e.first)::uuid, id, e.first, e.last,
                (n - 1) * {EndedEvents} + e.first - 1, at, case when e.last > e.first then jsonb_build_object('deleted', 6) end
            from filled, (values
                (1, 1), (2, 2), (3, 3), (4, {EndedEvents - 1}), ({EndedEvents}, {EndedEvents})) as e (first, last);
        insert into ledger.job_manifest (job_id, row_number, size, subtree_root, sealed, outcomes, open_count)
            select id, 0, 3, sha256('root'), decode(repeat('ab', 120), 'hex'), '\x010101', 0 from filled;
        insert into ledger.deliveries (delivery_id, kind, job_id, bot_id, bot_stream, recipient, queued_at, sent_at)
            select md5(id::text)::uuid, 'mail', id, '{Bot}', md5('bot')::uuid, 'owner@example.com', at, at from filled;
        insert into ledger.used_tokens (client_id, jti_digest, expires_at)
            select 'cs-scale', sha256(convert_to(id::text, 'UTF8')), at + interval '1 year' from filled;
        drop table filled;
        """;

    /// <summary>Jobs of a window that wait, the n-th submitted after those before it. No statement here reads their events.</summary>
    /// <param name="due">When they are due: an expression.</param>
    /// <param name="closes">When the opening that they are planned into ends.</param>
    /// <param name="started">Whether they have; their third event says so.</param>
    /// <param name="firstLeaf">Of the first job's first event.</param>
    public static string Waiting(
        string window, int first, int last, string due = "clock_timestamp() - interval '1 hour'",
        string closes = "clock_timestamp() + interval '1 day'", bool started = false, int firstLeaf = 0) =>
        $$"""
            {{Numbers(window, first, last, "timestamptz '2026-11-01'")}}
            {{Jobs(status: "queued", firstLeaf, Events)}}
            update ledger.mt_doc_job j set window_name = '{{window}}', planned_at = {{due}}, closes_at = {{closes}},
                started_version = {{(started ? $"{Events}" : "null")}},
                data = jsonb_build_object(
                    'bot', '{{Bot}}', 'attempt', 1, 'isStarted', {{(started ? "true" : "false")}}, 'conversations', 3, 'owed', 3,
                    'window', jsonb_build_object('name', '{{window}}', 'opens', '2026-01-01T00:00:00.000Z', 'closes', {{Text(closes)}}),
                    'items', jsonb_build_object('messages', 0, 'transcripts', 0, 'recordings', 0, 'attachments', 0, 'logs', 0))
                from filled f where f.id = j.id;
            drop table filled;
            """;

    /// <summary>Published checkpoints of these sizes.</summary>
    public static string Checkpoints(int first, int last) => $"""
        insert into ledger.log_checkpoints (origin, size, root, note, signed_at, published_at)
            select '{Origin}', n, decode(md5(n::text) || md5(n::text), 'hex'), repeat('signed ', 40), '2026-06-01', '2026-06-01'
            from generate_series({first}, {last}) n;
        """;

    /// <summary>The log has that many leaves, and is not behind.</summary>
    public static string State =>
        $"update ledger.log_state set origin = '{Origin}', size = {Leaves}, root = sha256('root'), covered_until = clock_timestamp()";

    private static string Numbers(string name, int first, int last, string from) => $"""
        create temp table filled as
            select n, md5('{name}' || n)::uuid as id, {from} + n * interval '1 second' as at from generate_series({first}, {last}) n;
        """;

    private static string Jobs(string status, int firstLeaf, int events) =>
        $$"""
            insert into ledger.mt_streams (id, type, version, timestamp, created) select id, 'job', {{events}}, at, at from filled;
            insert into ledger.mt_doc_jobstatus (id, data, mt_version)
                select id, jsonb_build_object('jobId', id, 'status', '{{status}}', 'completedAt', at, 'more', repeat('m', 300)),
                    {{events}} from filled;
            insert into ledger.mt_doc_job (id, data, mt_version, bot, client, submitted_at, planned_at, status)
                select id, '{}', {{events}}, '{{Bot}}', 'cs-scale', at, at, '{{status}}' from filled;
            insert into ledger.job_secrets (job_id, epoch, wrapped_key, request_digest, sealed_request)
                select id, 1, decode(repeat('ab', 60), 'hex'), sha256('request'), decode(repeat('ab', 150), 'hex') from filled;
            insert into ledger.log_runs (first_index, count, stream_id, first_version)
                select {{firstLeaf}} + (n - 1) * {{events}}, {{events}}, id, 1 from filled;
            """;

    private static string Text(string instant) => $"to_char(({instant}) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
}
