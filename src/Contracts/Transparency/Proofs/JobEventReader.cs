using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>An event of a job as it was read, or what of it is not known: one of the two.</summary>
/// <param name="Event">Null where something of it is not known.</param>
/// <param name="Unknown">What a newer ledger wrote, in plain words; empty where all is known.</param>
internal sealed record ReadEvent(JobEvent? Event, IReadOnlyList<string> Unknown);

/// <summary>Reads the events of a job from their entries, strictly: an event has exactly the members of its type.</summary>
internal static class JobEventReader
{
    private static readonly HashSet<string> s_known = [.. EventType.All.Select(type => type.Name)];

    /// <summary>Reads an event from what its row holds.</summary>
    /// <param name="data">The event's JSON in any form.</param>
    /// <exception cref="FormatException">As for <see cref="Read"/>, or such an event cannot be a leaf.</exception>
    public static (LeafEntry Leaf, ReadEvent Read) ReadRow(
        string stream, long version, string type, DateTimeOffset at, ReadOnlySpan<byte> data)
    {
        var leaf = new LeafEntry(stream, version, type, at, Jcs.Canonicalize(data));
        return (leaf, Read(leaf));
    }

    /// <exception cref="FormatException">It is not a job's event, or not as any ledger writes it.</exception>
    public static ReadEvent Read(LeafEntry leaf)
    {
        if (!s_known.Contains(leaf.Type))
            return new ReadEvent(null, [$"the event type {ClosedLists.Plain(leaf.Type)}"]);
        try
        {
            return new ReadEvent(ReadKnown(leaf, leaf.Data.Span), []);
        }
        catch (FormatException)
        {
            var unknown = UnknownOf(leaf);
            if (unknown.Count == 0)
                throw;
            return new ReadEvent(null, unknown);
        }
    }

    /// <summary>The names that are on no closed list; none if that is not all that is wrong with the event.</summary>
    private static IReadOnlyList<string> UnknownOf(LeafEntry leaf)
    {
        if (JsonNode.Parse(leaf.Data.Span) is not JsonObject data || ClosedLists.TakeUnknown(leaf.Type, data) is not { Count: > 0 } unknown)
            return [];
        ReadKnown(leaf, Jcs.Canonicalize(Encoding.UTF8.GetBytes(data.ToJsonString())));
        return unknown;
    }

    private static JobEvent ReadKnown(LeafEntry leaf, ReadOnlySpan<byte> data)
    {
        try
        {
            if (EventType.Read(leaf.Type, data) is not JobEvent @event)
                throw new FormatException($"'{leaf.Type}' is not an event of a job");
            // What is absent or superfluous, or another way to write the same, would be read and be lost in silence.
            return IsWhole(@event) && IsWritten(@event, data) ? @event : throw Shape(leaf, null);
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException or NullReferenceException)
        {
            throw Shape(leaf, e);
        }
    }

    /// <param name="data">In canonical form.</param>
    private static bool IsWritten(JobEvent @event, ReadOnlySpan<byte> data)
    {
        var written = EventType.Of(@event).WriteSorted(@event);
        return data.SequenceEqual(written) || data.SequenceEqual(Jcs.Canonicalize(written));
    }

    private static FormatException Shape(LeafEntry leaf, Exception? inner) =>
        new($"the data of '{leaf.Type}' does not have the members that this event has", inner);

    /// <summary>A number that names nothing of a closed list is read, and written again, as that number.</summary>
    private static bool IsWhole(JobEvent @event) =>
        @event switch
        {
            Submitted e => e is { Bot: not null, Client: not null, Commitments: not null }
                && e.Commitments.All(IsCommitment)
                && Enum.IsDefined(e.RequestType),
            Scheduled e => e.Window is { Name: not null, Cron: not null, TimeZone: not null } && Enum.IsDefined(e.Reason),
            Started e => IsCommitment(e.ManifestRoot) && e.Conversations >= 0,
            ConversationDeleted e => IsCommitment(e.Commitment) && IsCount(e.Items),
            ConversationSkipped e => IsCommitment(e.Commitment) && Enum.IsDefined(e.Reason),
            Failed e => (e.Ordinal is null ? e.Commitment is null : IsCommitment(e.Commitment)) && Enum.IsDefined(e.Reason),
            Completed e => e.Skipped is not null && e.Skipped.Keys.All(Enum.IsDefined) && IsCount(e.Items) && Enum.IsDefined(e.Outcome),
            _ => false,
        };

    private static bool IsCommitment(byte[]? commitment) => commitment?.Length == Commitment.Size;

    private static bool IsCount(ItemCounts? items) =>
        items is { Messages: >= 0, Transcripts: >= 0, Recordings: >= 0, Attachments: >= 0, Logs: >= 0 };
}
