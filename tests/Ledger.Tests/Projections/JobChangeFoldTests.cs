using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Projections;
using Ledger.Projections.ChangeLog;
using Ledger.Projections.Status;
using Ledger.Tests.Jobs;

namespace Ledger.Tests.Projections;

public sealed class JobChangeFoldTests
{
    private static readonly JobId s_id = JobId.FromRandomness(new byte[32]);

    [Fact]
    public void Folding_a_jobs_entries_gives_its_status_document_however_its_outcomes_fall_into_batches() =>
        JobHistory.HoldsForAll(history =>
        {
            foreach (var batch in new[] { 1, 2, 5, 100 })
            {
                var entries = JsonSerializer.Deserialize(
                    JsonSerializer.Serialize(Entries(history.Events, batch), ChangeLogJson.Readable.IReadOnlyListChangeLogEntry),
                    ChangeLogJson.Readable.IReadOnlyListChangeLogEntry)!;
                var folded = entries.Aggregate((JobStatus?)null, JobChangeFold.Apply);
                var expected = history
                    .Events.Index()
                    .Aggregate((JobStatus?)null, (status, e) => JobStatusFold.Apply(status, s_id, e.Item, At(e.Index, batch)));
                Assert.Equal(Json(expected), Json(folded));
            }
        });

    [Fact]
    public void An_entry_that_cannot_come_here_is_refused()
    {
        var history = JobHistory.Of([1, 2, 3, 4, 5, 6]);
        history.Finish();
        var entries = Entries(history.Events, 2);
        var status = entries.Aggregate((JobStatus?)null, JobChangeFold.Apply);
        Assert.All(entries, entry => Assert.Throws<InvalidOperationException>(() => JobChangeFold.Apply(status, entry)));
        Assert.Throws<InvalidOperationException>(() => JobChangeFold.Apply(null, entries[1]));
        Assert.Throws<InvalidOperationException>(() => JobChangeFold.Apply(null, entries[0] with { ResourceId = "st-1" }));
        Assert.Throws<InvalidOperationException>(() =>
            JobChangeFold.Apply(null, entries[0] with { Detail = entries[0].Detail with { RequestType = null } })
        );
    }

    [Fact]
    public void An_event_that_this_version_cannot_read_is_an_entry_all_the_same()
    {
        var row = new ChangeLogRow("st-1", null, s_id.Value, 3, 3, new LeafRange(7, 8), Given.Noon, null, null, "hold_placed", "{}");
        var entry = ChangeLogShape.Of(row);
        Assert.Equal("Recorded: hold_placed.", entry.Message);
        Assert.Equal(new ChangeLogDetail("hold_placed", 3, 3, new LeafRange(7, 8)), entry.Detail);
        Assert.Equal(("st-1", "bot", ""), (entry.ResourceId, entry.ResourceType, entry.UserId.Id));
    }

    /// <summary>Outcomes of so many versions share an instant.</summary>
    private static DateTimeOffset At(int index, int batch) => Given.Noon.AddMilliseconds(index / batch * batch);

    private static IReadOnlyList<ChangeLogEntry> Entries(IReadOnlyList<JobEvent> events, int batch)
    {
        var entries = new List<ChangeLogEntry>();
        for (var first = 0; first < events.Count;)
        {
            var next = first + 1;
            while (IsOutcome(events[first]) && next < events.Count && IsOutcome(events[next]) && At(next, batch) == At(first, batch))
                next++;
            var type = EventType.Of(events[first]);
            entries.Add(
                ChangeLogShape.Of(
                    new ChangeLogRow(
                        "st-1", s_id, s_id.Value, first + 1, next, new LeafRange(first, next), At(first, batch), "cs-1",
                        IsOutcome(events[first]) ? Outcomes([.. events.Skip(first).Take(next - first)]) : null, type.Name,
                        IsOutcome(events[first]) ? null : type.Write(events[first]))
                )
            );
            first = next;
        }
        return entries;
    }

    private static bool IsOutcome(JobEvent @event) => @event is ConversationDeleted or ConversationSkipped or Failed { Ordinal: not null };

    private static string Outcomes(JobEvent[] events) => JsonSerializer.Serialize(new BatchOutcomes(
        events.OfType<ConversationDeleted>().Count(),
        events.OfType<Failed>().Count(),
        events.OfType<ConversationSkipped>().GroupBy(e => e.Reason).ToDictionary(reason => reason.Key, reason => (long)reason.Count()),
        events.OfType<ConversationDeleted>().Aggregate(ItemCounts.None, (sum, e) => sum + e.Items)), ChangeLogJson.Readable.BatchOutcomes);

    private static string Json(JobStatus? status) => JsonSerializer.Serialize(status!, DocumentJson.Default.JobStatus);
}
