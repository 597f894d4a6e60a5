using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Projections;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;

namespace Ledger.SystemTests.Execution;

/// <summary>What is recorded of a test's jobs, and whether it agrees with itself.</summary>
public static class RecordedJobs
{
    private sealed record Outcome(byte[] Commitment, byte Code);

    public static async Task<List<RecordedEvent>> EventsAsync(this TestService service, string job)
    {
        Assert.True(JobId.TryParse(job, out var id));
        await using var connection = await service.Source.OpenConnectionAsync();
        return await EventStreams.ReadAsync(connection, id.Value).ToListAsync();
    }

    /// <summary>
    /// Of every job: the stream has no gap and ends at most once; status document, list entry and queue are the folds of the events; each
    /// ordinal has one final outcome, made inside its plan's opening; counts, manifest and manifest root follow from the outcomes.
    /// </summary>
    public static async Task AssertRecordsAgreeAsync(this TestService service)
    {
        var jobs = await service.ScalarAsync<Guid[]>("select array_agg(id) from ledger.mt_doc_job");
        Assert.NotEmpty(jobs);
        foreach (var job in jobs.Select(id => new JobId(id)))
        {
            var events = await service.EventsAsync(job.ToString());
            Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Version));
            Assert.Equal(events.Count, await service.ScalarAsync<long>("select version from ledger.mt_streams where id = $1", job.Value));
            await AssertProjectionsAsync(service, job, events);
            var outcomes = Outcomes(events);
            await AssertManifestAsync(service, job, events, outcomes);
            AssertEnd(events, outcomes);
        }
    }

    private static async Task AssertProjectionsAsync(TestService service, JobId id, List<RecordedEvent> events)
    {
        var status = events.Aggregate((JobStatus?)null, (s, e) => JobStatusFold.Apply(s, id, (JobEvent)e.Event, e.At));
        Assert.Equal(
            await service.ScalarAsync<string>("select $1::jsonb::text", JsonSerializer.Serialize(status!, DocumentJson.Default.JobStatus)),
            await service.ScalarAsync<string>(
                "select data::text from ledger.mt_doc_jobstatus where id = $1 and mt_version = $2", id.Value, (long)events.Count)
        );
        var job = events.Aggregate((Job?)null, (j, e) => JobFold.Apply(j, id, (JobEvent)e.Event, e.Version, e.At))!;
        Assert.Equal(
            await service.ScalarAsync<string>("select $1::jsonb::text", JsonSerializer.Serialize(job, DocumentJson.Default.Job)),
            await service.ScalarAsync<string>(
                "select data::text from ledger.mt_doc_job where id = $1 and mt_version = $2", id.Value, (long)events.Count));
        Assert.True(await service.ScalarAsync<bool>(
            """
            select (bot, client, status, window_name) is not distinct from (
                data ->> 'bot', data ->> 'client', data ->> 'status', data -> 'window' ->> 'name')
                and (submitted_at, planned_at, closes_at) is not distinct from (
                    (data ->> 'submittedAt')::timestamptz, (data ->> 'plannedAt')::timestamptz,
                    (data -> 'window' ->> 'closes')::timestamptz)
                and started_version is not distinct from (data ->> 'startedVersion')::bigint
            from ledger.mt_doc_job where id = $1
            """,
            id.Value));
        Assert.True(
            !job.IsEnded || await service.ScalarAsync<bool>("select not exists (select from ledger.job_work where job_id = $1)", id.Value));
    }

    /// <summary>The last outcome of each ordinal; a final one is never followed by another.</summary>
    private static SortedDictionary<long, Outcome> Outcomes(List<RecordedEvent> events)
    {
        var outcomes = new SortedDictionary<long, Outcome>();
        Scheduled? plan = null;
        foreach (var recorded in events)
        {
            plan = recorded.Event as Scheduled ?? plan;
            if (OutcomeOf(recorded.Event) is not var (ordinal, outcome))
                continue;
            if (recorded.Event is not ConversationSkipped { Reason: SkipReason.Cancelled })
                Assert.InRange(recorded.At, plan!.PlannedAt, plan.Window.Closes.AddTicks(-1));
            Assert.True(recorded.At >= plan!.Window.Opens);
            if (outcomes.TryGetValue(ordinal, out var earlier))
            {
                Assert.True(OutcomeCode.IsFailed(earlier.Code), $"ordinal {ordinal} had a final outcome");
                Assert.Equal(earlier.Commitment, outcome.Commitment);
            }
            outcomes[ordinal] = outcome;
        }
        return outcomes;
    }

    private static (long Ordinal, Outcome Outcome)? OutcomeOf(object @event) => @event switch
    {
        ConversationDeleted e => (e.Ordinal, new(e.Commitment, OutcomeCode.Deleted)),
        ConversationSkipped e => (e.Ordinal, new(e.Commitment, OutcomeCode.Skipped(e.Reason))),
        Failed { Ordinal: { } ordinal, Commitment: { } commitment } e => (ordinal, new(commitment, OutcomeCode.Failed(e.Reason))),
        _ => null,
    };

    private static async Task AssertManifestAsync(
        TestService service, JobId id, List<RecordedEvent> events, SortedDictionary<long, Outcome> outcomes)
    {
        var started = events.Select(e => e.Event).OfType<Started>().SingleOrDefault();
        if (started is null)
        {
            Assert.Empty(outcomes);
            return;
        }
        var recorded = await service.ScalarAsync<byte[]>(
            "select coalesce(string_agg(outcomes, '' order by row_number), '') from ledger.job_manifest where job_id = $1", id.Value);
        Assert.Equal(started.Conversations, recorded.Length);
        Assert.Equal(
            Enumerable.Range(0, recorded.Length).Select(i => outcomes.TryGetValue(i, out var outcome) ? outcome.Code : OutcomeCode.Pending),
            recorded);
        if (outcomes.Count < started.Conversations)
            return;
        var root = new MerkleRoot();
        foreach (var outcome in outcomes.Values)
            root.AddLeaf(MerkleTree.LeafHash(outcome.Commitment));
        Assert.Equal(started.ManifestRoot, root.Root());
    }

    private static void AssertEnd(List<RecordedEvent> events, SortedDictionary<long, Outcome> outcomes)
    {
        Assert.DoesNotContain(events.SkipLast(1), e => e.Event is Completed);
        if (events[^1].Event is not Completed end)
            return;
        Assert.Equal(end.UntouchedFrom ?? end.Conversations, outcomes.Count);
        Assert.Equal(end.Deleted, outcomes.Values.Count(o => o.Code == OutcomeCode.Deleted));
        Assert.Equal(end.Failed, outcomes.Values.Count(o => OutcomeCode.IsFailed(o.Code)));
        Assert.Equal(
            end.Skipped.OrderBy(s => s.Key),
            outcomes
                .Values.Select(o => OutcomeCode.SkipReasonOf(o.Code))
                .OfType<SkipReason>()
                .GroupBy(r => r, (r, all) => KeyValuePair.Create(r, (long)all.Count()))
                .OrderBy(s => s.Key)
        );
        Assert.Equal(
            end.Items, events.Select(e => e.Event).OfType<ConversationDeleted>().Aggregate(ItemCounts.None, (sum, e) => sum + e.Items));
    }

    /// <summary>The job's one outcome per conversation id, opened from the manifest.</summary>
    public static async Task<Dictionary<string, string>> OutcomesByIdAsync(this TestService service, string job, string? bot = null)
    {
        using var response = await service.SendAsync(
            HttpMethod.Get, $"/api/public/bot/{bot ?? service.Bot}/conversations/delete/{job}/outcomes?limit=1000");
        return JsonDocument
            .Parse(await response.Content.ReadAsStringAsync())
            .RootElement.GetProperty("outcomes")
            .EnumerateArray()
            .ToDictionary(
                o => o.GetProperty("conversationId").GetString()!, o => $"{o.GetProperty("outcome")} {o.GetProperty("reason")}".Trim());
    }
}
