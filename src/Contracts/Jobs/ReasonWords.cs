namespace Ledger.Contracts.Jobs;

/// <summary>Reasons in words for people. They are the same in proofs, certificates, mail and pages.</summary>
public static class ReasonWords
{
    /// <summary>The reason for skipping a conversation, in words for people.</summary>
    public static string Of(SkipReason reason) => reason switch
    {
        SkipReason.Retention => "out of the retention period",
        SkipReason.NotFound => "not found, or not this bot's",
        SkipReason.AlreadyErased => "erased by an earlier job",
        SkipReason.LegalHold => "under a legal hold",
        SkipReason.Cancelled => "not touched, because the job was cancelled",
        _ => reason.ToString(),
    };

    /// <summary>The reason for the failure of a conversation or an attempt, in words for people.</summary>
    public static string Of(FailureReason reason) => reason switch
    {
        FailureReason.StoreRefused => "the store refused",
        FailureReason.Locked => "somebody else held a lock on it",
        FailureReason.Timeout => "the store took too long",
        FailureReason.NotConfirmed => "the store still held something of it",
        FailureReason.ListUnresolved => "the list could not be resolved",
        _ => reason.ToString(),
    };
}
