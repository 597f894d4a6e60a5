using Ledger.Contracts.Jobs;

namespace Ledger.Certificates;

/// <summary>
/// Checks that a job's status document and leaves agree with its events, before its record is certified. The events themselves were checked
/// against the rule book as they were read. This does not replace the proof, whose reader trusts nobody. It keeps this service from signing
/// a record that it can see to be wrong.
/// </summary>
internal static class RecordCheck
{
    /// <exception cref="ContradictoryRecordException">Something does not agree with the events.</exception>
    public static void Check(JobRecord record)
    {
        Require(record.Rules.Version == record.Version, "events are missing");
        Require(record.Runs.Events == record.Version && record.Runs.End <= record.Job.Checkpoint.Size, "not every event has its leaf");
        var (rules, status, end) = (record.Rules, record.Status, record.End);
        var result = status.Result;
        Require(
            (status.SubmittedAt, status.StartedAt, status.CompletedAt) == (rules.SubmittedAt, rules.StartedAt, rules.CompletedAt)
                && status.Status.ToString() == end.Outcome.ToString()
                && (result.TotalConversations, result.DeletedCount, result.FailedCount, result.DeletedItems)
                    == (end.Conversations, end.Deleted, end.Failed, end.Items)
                && result.SkippedCount == end.Skipped.Values.Sum()
                && IsSame(result.Skipped, end.Skipped),
            "the status document says something else than the events"
        );
    }

    private static bool IsSame(IReadOnlyDictionary<SkipReason, long> a, IReadOnlyDictionary<SkipReason, long> b) =>
        a.Count == b.Count && a.All(count => b.TryGetValue(count.Key, out var other) && other == count.Value);

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new ContradictoryRecordException(otherwise);
    }
}
