using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;
using Ledger.Projections.Status;
using Ledger.SystemTests.Http;

namespace Ledger.SystemTests.ChangeLogs;

/// <summary>Reads change logs as a client does, and says what should be in them by the events alone.</summary>
internal static class Entries
{
    public static string ChangeLogPath(string bot) => $"/api/public/bot/{Uri.EscapeDataString(bot)}/changelogs";

    public static async Task<Answer> AskAsync(this TestService service, string path, string? token = null)
    {
        using var response = await service.SendAsync(HttpMethod.Get, path, token: token);
        return await Answer.OfAsync(response);
    }

    /// <summary>One page.</summary>
    public static async Task<IReadOnlyList<ChangeLogEntry>> PageAsync(this TestService service, string query = "", string? bot = null)
    {
        var answer = (await service.AskAsync($"{ChangeLogPath(bot ?? service.Bot)}?{query}")).Is(200);
        return JsonSerializer.Deserialize(answer.Body, ChangeLogJson.Readable.IReadOnlyListChangeLogEntry)!;
    }

    /// <summary>Everything, by the cursor.</summary>
    public static async Task<List<ChangeLogEntry>> ChangeLogAsync(this TestService service, string? bot = null)
    {
        var all = new List<ChangeLogEntry>(await service.PageAsync(bot: bot));
        while (all.Count > 0 && await service.PageAsync($"fetchAfter={all[^1].Id}", bot) is { Count: > 0 } page)
        {
            Assert.NotEqual(all[^1].Id, page[^1].Id); // else it would never end
            all.AddRange(page);
        }
        return all;
    }

    /// <summary>What a job's entries must be, by its events: <c>outcomes 4-6</c>.</summary>
    public static List<string> Expected(IEnumerable<RecordedEvent> events)
    {
        var expected = new List<(string Type, long First, long Last, DateTimeOffset At)>();
        foreach (var recorded in events)
        {
            var type = recorded.Event is ConversationDeleted or ConversationSkipped or Failed { Ordinal: not null }
                ? ChangeLogDetail.Outcomes
                : Ledger.Contracts.EventType.Of(recorded.Event).Name;
            if (type == ChangeLogDetail.Outcomes
                && expected.Count > 0
                && expected[^1] is { Type: ChangeLogDetail.Outcomes } last
                && last.At == recorded.At)
                expected[^1] = last with { Last = recorded.Version };
            else
                expected.Add((type, recorded.Version, recorded.Version, recorded.At));
        }
        return [.. expected.Select(entry => $"{entry.Type} {entry.First}-{entry.Last}")];
    }

    public static string Short(ChangeLogEntry entry) => $"{entry.Detail.Type} {entry.Detail.FirstVersion}-{entry.Detail.LastVersion}";

    /// <summary>The status document that entries fold to.</summary>
    public static string Folded(IEnumerable<ChangeLogEntry> entries) => Json(entries.Aggregate((JobStatus?)null, JobChangeFold.Apply)!);

    /// <summary>The status document that events fold to.</summary>
    public static string Folded(string job, IEnumerable<RecordedEvent> events)
    {
        Assert.True(JobId.TryParse(job, out var id));
        return Json(events.Aggregate((JobStatus?)null, (status, e) => JobStatusFold.Apply(status, id, (JobEvent)e.Event, e.At))!);
    }

    /// <summary>With the reasons in one order: stored as jsonb they have none.</summary>
    private static string Json(JobStatus status) =>
        JsonSerializer.Serialize(
            status with
            {
                Result = status.Result with { Skipped = new SortedDictionary<SkipReason, long>(status.Result.Skipped.ToDictionary()) },
            },
            DocumentJson.Default.JobStatus
        );

    /// <summary>The job's entries fold to its stored document, and are those that its events make.</summary>
    public static async Task AssertFoldsAsync(
        this TestService service, string job, IReadOnlyList<ChangeLogEntry> log, List<RecordedEvent> events)
    {
        ChangeLogEntry[] entries = [.. log.Where(entry => entry.ResourceId == job)];
        Assert.Equal(Expected(events), entries.Select(Short));
        Assert.Equal(
            await service.ScalarAsync<string>(
                "select data::text from ledger.mt_doc_jobstatus where id = $1", Guid.Parse(job["cdj-".Length..])),
            await service.ScalarAsync<string>("select $1::jsonb::text", Folded(entries))
        );
    }
}
