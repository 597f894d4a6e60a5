namespace Ledger.Contracts.Jobs;

/// <summary>Reasons as a person reads them, the same in proofs, certificates, mail and pages.</summary>
public static class ReasonWords
{
    /// <summary>Why a conversation was skipped, as a person reads it.</summary>
    public static string Of(SkipReason reason) => reason switch
    {
        SkipReason.Retention => "out of the retention period",
        SkipReason.NotFound => "not found, or not this bot's",
        SkipReason.AlreadyErased => "erased by an earlier job",
        SkipReason.LegalHold => "under a legal hold",
        SkipReason.Cancelled => "not touched, because the job was cancelled",
        _ => reason.ToString(),
    };

    /// <summary>Why a conversation, or an attempt, failed, as a person reads it.</summary>
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
