using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Ledger.Contracts.Jobs;

/// <summary>Number of items of each kind. The kinds are a closed list of the parts of a conversation.</summary>
[Description("Items that were removed with conversations, by kind.")]
public sealed record ItemCounts(
    [property: JsonRequired, Description("Messages.")] long Messages = 0,
    [property: JsonRequired, Description("Transcripts.")] long Transcripts = 0,
    [property: JsonRequired, Description("Recordings.")] long Recordings = 0,
    [property: JsonRequired, Description("Attachments.")] long Attachments = 0,
    [property: JsonRequired, Description("Logs.")] long Logs = 0)
{
    public static readonly ItemCounts None = new();

    public static ItemCounts operator +(ItemCounts a, ItemCounts b) => new(
        a.Messages + b.Messages, a.Transcripts + b.Transcripts, a.Recordings + b.Recordings,
        a.Attachments + b.Attachments, a.Logs + b.Logs);

    /// <summary>Number of items of all kinds. It is not stored, because a stored sum can disagree with its parts.</summary>
    public long Sum() => Messages + Transcripts + Recordings + Attachments + Logs;
}
