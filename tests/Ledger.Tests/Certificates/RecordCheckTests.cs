using Ledger.Certificates;
using Ledger.Contracts.Jobs;

namespace Ledger.Tests.Certificates;

/// <summary>A record whose parts contradict its events is not certified, whichever of them was changed.</summary>
public sealed class RecordCheckTests
{
    private static readonly JobRecord s_record = Records.Of(JobOutcome.Failed, "ddffr", "df");

    [Fact]
    public void A_record_that_agrees_with_itself_is_certified() => RecordCheck.Check(s_record);

    [Fact]
    public void A_lost_event_is_seen() => Refused("events are missing", s_record with { Version = s_record.Version + 1 });

    [Fact]
    public void A_lost_leaf_is_seen() =>
        Refused("not every event has its leaf", s_record with { Runs = s_record.Runs with { Events = 3 } });

    [Fact]
    public void A_leaf_beyond_the_checkpoint_is_seen() =>
        Refused("not every event has its leaf", s_record with { Runs = s_record.Runs with { End = 5_000 } });

    [Fact]
    public void A_status_document_that_says_something_else_is_seen()
    {
        var (status, result) = (s_record.Status, s_record.Status.Result);
        foreach (
            var changed in new[]
            {
                status with { SubmittedAt = Records.Evening }, status with { StartedAt = null },
                status with { CompletedAt = Records.Evening }, status with { Result = result with { TotalConversations = 6 } },
                status with { Result = result with { DeletedCount = 2 } }, status with { Result = result with { FailedCount = 0 } },
                status with { Result = result with { SkippedCount = 0 } },
                status with { Result = result with { DeletedItems = ItemCounts.None } },
                status with { Result = result with { Skipped = new Dictionary<SkipReason, long> { [SkipReason.NotFound] = 1 } } },
            }
        )
        {
            Refused("the status document", s_record with { Status = changed });
        }
    }

    private static void Refused(string why, JobRecord record) =>
        Assert.Contains(
            why, Assert.Throws<ContradictoryRecordException>(() => RecordCheck.Check(record)).Message, StringComparison.Ordinal);
}
