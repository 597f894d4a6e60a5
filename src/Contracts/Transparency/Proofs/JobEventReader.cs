using System.Text;
using System.Text.Json;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Reads the events of a job from their entries, strictly: an event has exactly the members of its type.</summary>
internal static class JobEventReader
{
    private static readonly HashSet<string> s_known = [.. EventType.All.Select(type => type.Name)];

    /// <summary>The event of an entry; null for a type that this version does not know.</summary>
    /// <exception cref="FormatException">It is not a job's event, or not as the ledger writes it.</exception>
    public static JobEvent? Read(LeafEntry leaf)
    {
        if (!s_known.Contains(leaf.Type))
            return null;
        try
        {
            if (EventType.Read(leaf.Type, Encoding.UTF8.GetString(leaf.Data.Span)) is not JobEvent @event)
                throw new FormatException($"'{leaf.Type}' is not an event of a job");
            // What is absent or superfluous, or another way to write the same, would be read and be lost in silence.
            var written = Encoding.UTF8.GetBytes(EventType.Of(@event).Write(@event));
            return IsWhole(@event) && Jcs.Canonicalize(written).AsSpan().SequenceEqual(leaf.Data.Span) ? @event : throw Shape(leaf, null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException or NullReferenceException)
        {
            throw Shape(leaf, e);
        }
    }

    private static FormatException Shape(LeafEntry leaf, Exception? inner) => new($"the data of '{leaf.Type}' does not have the members that this event has", inner);

    /// <summary>A number that names nothing of a closed list is read, and written again, as that number.</summary>
    private static bool IsWhole(JobEvent @event) => @event switch
    {
        Submitted e => e is { Bot: not null, Client: not null, Commitments: not null } && e.Commitments.All(IsCommitment) && Enum.IsDefined(e.RequestType),
        Scheduled e => e.Window is { Name: not null, Cron: not null, TimeZone: not null } && Enum.IsDefined(e.Reason),
        Started e => IsCommitment(e.ManifestRoot) && e.Conversations >= 0,
        ConversationDeleted e => IsCommitment(e.Commitment) && IsCount(e.Items),
        ConversationSkipped e => IsCommitment(e.Commitment) && Enum.IsDefined(e.Reason),
        Failed e => (e.Ordinal is null ? e.Commitment is null : IsCommitment(e.Commitment)) && Enum.IsDefined(e.Reason),
        Completed e => e.Skipped is not null && e.Skipped.Keys.All(Enum.IsDefined) && IsCount(e.Items) && Enum.IsDefined(e.Outcome),
        _ => false,
    };

    private static bool IsCommitment(byte[]? commitment) => commitment?.Length == Commitment.Size;

    private static bool IsCount(ItemCounts? items) => items is { Messages: >= 0, Transcripts: >= 0, Recordings: >= 0, Attachments: >= 0, Logs: >= 0 };
}
