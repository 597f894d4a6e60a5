using System.Buffers.Binary;
using System.Security.Cryptography;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Log;
using Ledger.Projections;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.Bench;

/// <summary>
/// Appends jobs past the service, by Marten's own function: events as a service's batches would have them, many and fast.
/// </summary>
internal static class FilledLedger
{
    private const string Empty = "encode(sha256(''), 'base64')";

    private const string Outcome =
        $$"""
        jsonb_build_object('attempt', 1, 'ordinal', o, 'commitment', {{Empty}}, 'confirmedAbsent', true,
            'items', jsonb_build_object('messages', 1, 'transcripts', 0, 'recordings', 0, 'attachments', 0, 'logs', 0))
        """;

    /// <summary>
    /// Jobs that have started, each with so many outcomes, in appends of at most so many. Their documents and places in the log are not
    /// there yet.
    /// </summary>
    /// <returns>How many events there are.</returns>
    public static async Task<long> AddJobsAsync(BenchDatabase bench, string name, int jobs, int outcomes, int batch)
    {
        await bench.ExecuteAsync(
            $$"""
            do $fill$
            declare
                v_id uuid;
                v_at timestamptz := date_trunc('milliseconds', clock_timestamp()) - interval '1 hour';
                v_first bigint;
            begin
                for v_job in 1 .. {{jobs}} loop
                    v_id := md5('{{name}} ' || v_job)::uuid;
                    perform ledger.mt_quick_append_events(
                        v_id, '{{StreamIds.JobType}}', '*DEFAULT*', array[gen_random_uuid(), gen_random_uuid()],
                        array['submitted', 'started'], array['{{TypeName<Submitted>()}}', '{{TypeName<Started>()}}'],
                        array[
                            jsonb_build_object('bot', '{{BenchDatabase.Bot}}', 'requestType', 'cId', 'client', '{{BenchDatabase.Client}}',
                                'commitments', jsonb_build_array({{Empty}})),
                            jsonb_build_object('attempt', 1, 'conversations', {{outcomes}}, 'manifestRoot', {{Empty}})],
                        array[null, null]::bytea[], array[v_at, v_at], 0);
                    for v_batch in 0 .. ({{outcomes}} - 1) / {{batch}} loop
                        v_first := v_batch * {{batch}};
                        perform ledger.mt_quick_append_events(
                            v_id, '{{StreamIds.JobType}}', '*DEFAULT*', array_agg(gen_random_uuid()),
                            array_agg('conversation_deleted'::varchar),
                            array_agg('{{TypeName<ConversationDeleted>()}}'::varchar), array_agg({{Outcome}}), array_agg(null::bytea),
                            array_agg(v_at + (v_batch + 1) * interval '1 millisecond'), 2 + v_first)
                        from generate_series(v_first, least({{outcomes}}, v_first + {{batch}}) - 1) o;
                    end loop;
                    commit;
                end loop;
            end $fill$
            """);
        await bench.ExecuteAsync("vacuum analyze ledger.mt_events", "vacuum analyze ledger.mt_streams", "checkpoint");
        return (long)jobs * (outcomes + 2);
    }

    /// <summary>A job that has ended, with a history that keeps every rule: all of so many conversations were deleted.</summary>
    public static async Task<JobId> AddErasedJobAsync(BenchDatabase bench, int conversations, int batch)
    {
        var at = Instant.Truncate(TimeProvider.System.GetUtcNow()).AddHours(-1);
        var window = new PlannedWindow("bench", "0 0 * * * ?", "UTC", at.AddMinutes(-1), at.AddHours(2));
        var job = JobId.FromRandomness(RandomNumberGenerator.GetBytes(32));
        var manifest = new MerkleRoot();
        var ordinal = new byte[sizeof(int)];
        for (var i = 0; i < conversations; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(ordinal, i);
            manifest.AddLeaf(MerkleTree.LeafHash(SHA256.HashData(ordinal)));
        }
        await AppendAsync(
            bench, job, 0, at, new Submitted(BenchDatabase.Bot, RequestType.CId, [new byte[32]], BenchDatabase.Client, To: at),
            new Scheduled(at, window, ScheduleReason.OffPeak, 1), new Started(1, conversations, manifest.Root(), at.AddYears(-1)));
        var version = 3L;
        for (var first = 0; first < conversations; first += batch)
        {
            at = at.AddMilliseconds(1);
            await bench.ExecuteAsync(
                $$"""
                select ledger.mt_quick_append_events(
                    '{{job.Value}}', '{{StreamIds.JobType}}', '*DEFAULT*', array_agg(gen_random_uuid()),
                    array_agg('conversation_deleted'::varchar), array_agg('{{TypeName<ConversationDeleted>()}}'::varchar),
                    array_agg(jsonb_set({{Outcome}}, '{commitment}', to_jsonb(encode(sha256(int4send(o)), 'base64'))) order by o),
                    array_agg(null::bytea), array_agg(timestamptz '{{Instant.Text(at)}}'), {{version}})
                from generate_series({{first}}, {{Math.Min(conversations, first + batch) - 1}}) o
                """);
            version += Math.Min(batch, conversations - first);
        }
        await AppendAsync(
            bench, job, version, at.AddMilliseconds(1),
            new Completed(
                JobOutcome.Completed, conversations, conversations, 0, new Dictionary<SkipReason, long>(), new ItemCounts(conversations)));
        await bench.ExecuteAsync("vacuum analyze ledger.mt_events", "vacuum analyze ledger.mt_streams", "checkpoint");
        return job;
    }

    /// <summary>Gets all that was appended into the log, and publishes it.</summary>
    public static async Task PublishAsync(BenchDatabase bench)
    {
        await using var node = bench.BuildNode();
        var writer = node.Services.GetRequiredService<LogWriter>();
        while (await writer.RunOnceAsync(CancellationToken.None) is { Events: > 0 } pass)
        {
            if (pass.Problem is not null)
                throw new InvalidOperationException(pass.Problem);
        }
    }

    private static Task AppendAsync(BenchDatabase bench, JobId job, long version, DateTimeOffset at, params JobEvent[] events)
    {
        string Array(Func<JobEvent, string> value, string type) =>
            $"array[{string.Join(", ", events.Select(e => $"'{value(e).Replace("'", "''", StringComparison.Ordinal)}'"))}]::{type}[]";
        return bench.ExecuteAsync(
            $"""
            select ledger.mt_quick_append_events(
                '{job.Value}', '{StreamIds.JobType}', '*DEFAULT*',
                array(select gen_random_uuid() from generate_series(1, {events.Length})),
                {Array(e => EventType.Of(e).Name, "varchar")}, {Array(e => EventType.Of(e).ClrName, "varchar")},
                {Array(e => EventType.Of(e).Write(e), "jsonb")}, array_fill(null::bytea, array[{events.Length}]),
                {Array(_ => Instant.Text(at), "timestamptz")}, {version})
            """);
    }

    private static string TypeName<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}
