using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>An event of a job as it was read, or what of it is not known: one of the two.</summary>
/// <param name="Event">Null where something of it is not known.</param>
/// <param name="Unknown">The unknown things that a newer ledger wrote, in plain words. Empty if all is known.</param>
internal sealed record ReadEvent(JobEvent? Event, IReadOnlyList<string> Unknown);

/// <summary>Reads the events of a job from their entries, strictly: an event has exactly the members of its type.</summary>
internal static class JobEventReader
{
    /// <summary>Digits of the largest number that a leaf can hold (<see cref="Jcs.MaxInteger"/>).</summary>
    private const int MaxDigits = 16;

    private static readonly HashSet<string> s_known = [.. EventType.All.Select(type => type.Name)];

    /// <summary>Reads an event from what its row holds: JSON in any form.</summary>
    /// <exception cref="FormatException">As for <see cref="Read(LeafEntry)"/>, or such an event cannot be a leaf.</exception>
    public static ReadEvent ReadRow(string type, ReadOnlySpan<byte> data) =>
        AsStored(type, data) is { } @event ? new ReadEvent(@event, []) : Read(type, Jcs.Canonicalize(data));

    /// <exception cref="FormatException">It is not a job's event, or not as any ledger writes it.</exception>
    public static ReadEvent Read(LeafEntry leaf) => Read(leaf.Type, leaf.Data.Span);

    private static ReadEvent Read(string type, ReadOnlySpan<byte> data)
    {
        if (!s_known.Contains(type))
            return new ReadEvent(null, [$"the event type {ClosedLists.Plain(type)}"]);
        try
        {
            return new ReadEvent(ReadKnown(type, data), []);
        }
        catch (FormatException)
        {
            var unknown = UnknownOf(type, data);
            if (unknown.Count == 0)
                throw;
            return new ReadEvent(null, unknown);
        }
    }

    /// <summary>
    /// The event of a row that holds what PostgreSQL makes of the event: then nothing in it needs to be made canonical. Null: it may be an
    /// event all the same.
    /// </summary>
    private static JobEvent? AsStored(string type, ReadOnlySpan<byte> data)
    {
        try
        {
            return s_known.Contains(type) && EventType.Read(type, data) is JobEvent @event && IsWhole(@event)
                && IsSpaced(data, EventType.Of(@event).WriteAsStored(@event)) ? @event : null;
        }
        catch (Exception e) when (EventType.IsOfNoEvent(e))
        {
            return null;
        }
    }

    /// <summary>
    /// True if a JSON text is another one with spaces between its values. False also if that is hard to decide, because there is an
    /// escape, or a number that may be too large for a leaf.
    /// </summary>
    private static bool IsSpaced(ReadOnlySpan<byte> text, ReadOnlySpan<byte> compact)
    {
        var (at, digits, isText) = (0, 0, false);
        foreach (var octet in text)
        {
            if (octet == ' ' && !isText)
                continue;
            if (at == compact.Length || compact[at++] != octet || octet == '\\')
                return false;
            isText ^= octet == '"';
            digits = char.IsAsciiDigit((char)octet) && !isText ? digits + 1 : 0;
            if (digits == MaxDigits)
                return false;
        }
        return at == compact.Length;
    }

    /// <summary>The names that are on no closed list. None if all names are known.</summary>
    /// <exception cref="FormatException">Something else is wrong with the event too.</exception>
    private static IReadOnlyList<string> UnknownOf(string type, ReadOnlySpan<byte> json)
    {
        if (JsonNode.Parse(json) is not JsonObject data || ClosedLists.TakeUnknown(type, data) is not { Count: > 0 } unknown)
            return [];
        ReadKnown(type, Jcs.Canonicalize(Encoding.UTF8.GetBytes(data.ToJsonString())));
        return unknown;
    }

    private static JobEvent ReadKnown(string type, ReadOnlySpan<byte> data)
    {
        try
        {
            if (EventType.Read(type, data) is not JobEvent @event)
                throw new FormatException($"'{type}' is not an event of a job");
            // What is absent or superfluous, or another way to write the same, would be read and be lost in silence.
            return IsWhole(@event) && IsWritten(@event, data) ? @event : throw Shape(type, null);
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException or NullReferenceException)
        {
            throw Shape(type, e);
        }
    }

    /// <param name="data">In canonical form.</param>
    private static bool IsWritten(JobEvent @event, ReadOnlySpan<byte> data)
    {
        var written = EventType.Of(@event).WriteSorted(@event);
        return data.SequenceEqual(written) || data.SequenceEqual(Jcs.Canonicalize(written));
    }

    private static FormatException Shape(string type, Exception? inner) =>
        new($"the data of '{type}' does not have the members that this event has", inner);

    /// <summary>A number that names nothing of a closed list is read, and written again, as that number.</summary>
    private static bool IsWhole(JobEvent @event) =>
        @event switch
        {
            Submitted e => e is { Bot: not null, Client: not null, Commitments: not null }
                && e.Commitments.All(IsCommitment)
                && Enum.IsDefined(e.RequestType),
            CaseRecorded e => (e.ReferenceCommitment is null || IsCommitment(e.ReferenceCommitment))
                && (e.Basis is not { } basis || Enum.IsDefined(basis)),
            DeadlineExtended e => e is { Reason: not null, Client: not null },
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
