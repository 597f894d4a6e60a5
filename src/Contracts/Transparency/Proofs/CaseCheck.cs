using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Checks the case behind a job: that it is told in its place, and that its deadline only moves to later days.</summary>
/// <param name="broken">Is told of each broken rule.</param>
internal sealed class CaseCheck(Action<BrokenRule> broken)
{
    /// <summary>Maximum number of extensions that are named. Memory is bounded by it.</summary>
    private const int MaxNamed = 100;

    private readonly List<ExtensionFact> _extensions = [];
    private CaseRecorded? _recorded;
    private DateOnly? _dueOn;

    /// <summary>The case as it stands. Null if the job has none.</summary>
    public CaseFact? Fact => _recorded is { } recorded
        ? new CaseFact(recorded.Basis, recorded.ReceivedOn, recorded.DueOn, _dueOn, recorded.ReferenceCommitment, [.. _extensions])
        : null;

    /// <param name="recorded">The event.</param>
    /// <param name="version">Its version.</param>
    public void Record(CaseRecorded recorded, long version)
    {
        if (version != 2)
        {
            Break("a job's second event, and no other, can be its case");
            return;
        }
        if (recorded is { Basis: null, ReceivedOn: null, DueOn: null, ReferenceCommitment: null })
            Break("a case that says nothing");
        if (recorded.DueOn < recorded.ReceivedOn)
            Break("a case that was due before it was received");
        (_recorded, _dueOn) = (recorded, recorded.DueOn);
    }

    /// <param name="extended">The event.</param>
    /// <param name="at">When it was recorded.</param>
    public void Extend(DeadlineExtended extended, DateTimeOffset at)
    {
        if (_recorded is null)
        {
            Break("the deadline of a job without a case was extended");
            return;
        }
        if (!IsLater(extended.DueOn, _dueOn, _recorded.ReceivedOn))
            Break("a deadline was extended to a day that is not later");
        _dueOn = extended.DueOn;
        if (_extensions.Count < MaxNamed)
            _extensions.Add(new ExtensionFact(at, extended.DueOn, extended.Reason, extended.Client));
    }

    /// <summary>
    /// True if a day can be a case's next deadline. It is later than the deadline before it. The first one is no day before the receipt.
    /// </summary>
    /// <param name="day">The day.</param>
    /// <param name="dueOn">The deadline before it. Null if there is none.</param>
    /// <param name="receivedOn">The day of receipt. Null if it is not known.</param>
    public static bool IsLater(DateOnly day, DateOnly? dueOn, DateOnly? receivedOn) =>
        dueOn is { } before ? day > before : receivedOn is not { } received || day >= received;

    private void Break(string sentence) => broken(new BrokenRule(sentence));
}
