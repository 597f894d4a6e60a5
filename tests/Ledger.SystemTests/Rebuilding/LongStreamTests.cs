namespace Ledger.SystemTests.Rebuilding;

[Collection(nameof(LongStreamTests))]
public sealed class LongStreamTests
{
    private const int Conversations = 200_000;

    /// <summary>Less than a hash for every event takes.</summary>
    private const long MaxGrowth = 6 << 20;

    [SkippableFact]
    public async Task A_stream_of_200_000_events_is_folded_without_holding_it()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RebuildAsync(); // what is loaded and allocated once
        await AppendAsync(service, job);

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (peak, samples) = (0L, 0);
        var report = await service.RebuildAsync(_ =>
        {
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true));
            samples++;
        });
        Assert.Equal((0, 2), (report.LeftAlone.Count, report.Wrong));
        Assert.True(report.Events > Conversations);
        Assert.Equal(Conversations, (await service.StatusAsync(job)).GetProperty("result").GetProperty("deletedCount").GetInt32());
        Assert.True(samples > 50, "the memory was not measured on the way");
        Assert.True(peak - before < MaxGrowth, $"{(peak - before) / 1024:N0} KiB more are in use than before");
    }

    /// <summary>The start of a job and its outcomes, past the ledger: only its status document is behind then.</summary>
    private static async Task AppendAsync(TestService service, string job)
    {
        await service.ExecuteAsync(
            """
            insert into ledger.mt_events (seq_id, id, stream_id, version, data, type, timestamp)
            select nextval('ledger.mt_events_sequence'), gen_random_uuid(), $1, 2 + n,
                case n when 1 then jsonb_build_object('attempt', 1, 'conversations', $2, 'manifestRoot', encode(sha256(''), 'base64'))
                else jsonb_build_object('ordinal', n - 2, 'attempt', 1, 'commitment', encode(sha256(''), 'base64'), 'confirmedAbsent', true,
                    'items', jsonb_build_object('messages', 1, 'transcripts', 0, 'recordings', 0, 'attachments', 0, 'logs', 0)) end,
                case n when 1 then 'started' else 'conversation_deleted' end, now()
            from generate_series(1, $2 + 1) n
            """, Rebuilds.Stream(job), Conversations);
        // An append has at most 4,096 events.
        await service.ExecuteAsync("alter table ledger.mt_streams disable trigger streams_only_grow");
        await service.ExecuteAsync("update ledger.mt_streams set version = 3 + $2 where id = $1", Rebuilds.Stream(job), Conversations);
        await service.ExecuteAsync("alter table ledger.mt_streams enable always trigger streams_only_grow");
    }

    /// <summary>Memory is the process's: nothing else may run meanwhile.</summary>
    [CollectionDefinition(nameof(LongStreamTests), DisableParallelization = true)]
    public sealed class Alone;
}
