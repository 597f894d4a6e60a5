using Ledger.Contracts.Jobs;

namespace Ledger.Certificates;

/// <summary>A plan of a job, and what was recorded under it: counted, and not kept.</summary>
internal sealed class RecordedPlan(Scheduled plan)
{
    private readonly SortedDictionary<FailureReason, long> _failed = [];

    public Scheduled Plan { get; } = plan;
    public long Erased { get; private set; }
    public long Skipped { get; private set; }

    /// <summary>Conversations that failed, by reason. A later attempt may have erased them.</summary>
    public IReadOnlyDictionary<FailureReason, long> Failed => _failed;

    /// <summary>The reason that the whole attempt failed; null if it did not fail.</summary>
    public FailureReason? AttemptFailed { get; private set; }

    /// <summary>The first outcome of a conversation; null: none has one.</summary>
    public DateTimeOffset? FirstAt { get; private set; }

    public DateTimeOffset? LastAt { get; private set; }

    /// <summary>Something happened: the list was fixed, a conversation got its outcome, or the attempt failed.</summary>
    public bool IsUsed { get; private set; }

    /// <summary>Takes the next event under this plan.</summary>
    public void Add(JobEvent @event, DateTimeOffset at)
    {
        switch (@event)
        {
            case ConversationDeleted:
                Erased++;
                break;
            case ConversationSkipped:
                Skipped++;
                break;
            case Failed { Ordinal: not null } e:
                _failed[e.Reason] = _failed.GetValueOrDefault(e.Reason) + 1;
                break;
            case Failed e:
                (AttemptFailed, IsUsed) = (e.Reason, true);
                return;
            default:
                IsUsed |= @event is Started;
                return;
        }
        IsUsed = true;
        FirstAt = FirstAt < at ? FirstAt : at;
        LastAt = LastAt > at ? LastAt : at;
    }
}
