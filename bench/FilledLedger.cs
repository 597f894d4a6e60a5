using Ledger.Contracts.Jobs;
using Ledger.Projections;

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

    private static string TypeName<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}
