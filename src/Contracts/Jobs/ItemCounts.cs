namespace Ledger.Contracts.Jobs;

/// <summary>How many items of each kind. The kinds are a closed list: what a conversation consists of.</summary>
public sealed record ItemCounts(long Messages = 0, long Transcripts = 0, long Recordings = 0, long Attachments = 0, long Logs = 0)
{
    public static readonly ItemCounts None = new();

    public static ItemCounts operator +(ItemCounts a, ItemCounts b) => new(
        a.Messages + b.Messages, a.Transcripts + b.Transcripts, a.Recordings + b.Recordings,
        a.Attachments + b.Attachments, a.Logs + b.Logs);

    /// <summary>Items of all kinds. Not stored: a sum that is stored can disagree.</summary>
    public long Sum() => Messages + Transcripts + Recordings + Attachments + Logs;
}
