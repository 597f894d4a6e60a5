using System.Text;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;

namespace Ledger.Projections.ChangeLog;

/// <summary>
/// A stream's leaves, folded into entries of its bot's change log (docs/adr/0018). Consecutive outcomes of one job with one instant are one
/// entry, and every other event is one of its own. It holds the entry that is being counted, and nothing before it.
/// </summary>
/// <remarks>
/// Events that somebody inserted past the ledger never make it fail: an event that cannot be read is no outcome, and a stream whose first
/// event names no bot has no entries.
/// </remarks>
public sealed class ChangeLogFold
{
    /// <summary>
    /// A bot's name is a key of an index. An id has at most 128 characters, so a longer one is of somebody else's making.
    /// </summary>
    private const int MaxBotBytes = 512;

    private readonly Guid _stream;
    private readonly bool _isJob;
    private readonly bool _isLogged;
    private string? _bot;
    private Open? _open;

    /// <param name="stream">The stream.</param>
    /// <param name="type">Its type; only jobs and bots are in change logs.</param>
    /// <param name="bot">The result of <see cref="BotOf"/> for the stream's first event, if the fold begins after it.</param>
    public ChangeLogFold(Guid stream, string? type, string? bot = null)
    {
        (_stream, _isJob, _bot) = (stream, type == StreamIds.JobType, bot);
        _isLogged = _isJob || type == StreamIds.BotType;
    }

    /// <summary>The bot that a stream's first event names; null: none that a change log could be of.</summary>
    /// <param name="first">The event's JSON as UTF-8.</param>
    public static string? BotOf(ReadOnlySpan<byte> first)
    {
        var json = new Utf8JsonReader(first);
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            return null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isBot = json.ValueTextEquals("bot"u8);
            if (!json.Read())
                return null;
            if (isBot)
                return json.TokenType == JsonTokenType.String ? Bounded(json.GetString()!) : null;
            json.Skip();
        }
        return null;
    }

    /// <summary>Takes the stream's next leaf.</summary>
    /// <param name="leaf">Its place in the log.</param>
    /// <param name="version">Of the stream.</param>
    /// <param name="type">The event's type.</param>
    /// <param name="at">When it was recorded. What a leaf has of it counts: whole milliseconds.</param>
    /// <param name="data">The event's JSON as UTF-8.</param>
    /// <returns>The entry that ends before this leaf; null: none does.</returns>
    public LoggedEntry? Add(long leaf, long version, string type, DateTimeOffset at, ReadOnlySpan<byte> data)
    {
        if (!_isLogged)
            return null;
        // As the leaf has it.
        at = Instant.Truncate(at);
        if (version == 1)
            _bot = BotOf(data);
        if (_bot is null)
            return null;
        var outcome = _isJob ? Outcome(type, data) : null;
        if (outcome is not null && _open is { Counts: not null } open && open.At == at && open.LastVersion + 1 == version)
        {
            open.Take(leaf, version, outcome);
            return null;
        }
        var ended = End();
        _open = new Open(leaf, version, at, outcome);
        return ended;
    }

    /// <summary>There are no more leaves, or none that could belong to the same entry.</summary>
    /// <returns>The last entry; null: it was returned already, or there is none.</returns>
    public LoggedEntry? End()
    {
        if (_open is not { } open)
            return null;
        _open = null;
        return new LoggedEntry(
            _bot!, _stream, open.FirstVersion, open.LastVersion, open.FirstLeaf, open.LastLeaf, open.At, open.Counts?.Json());
    }

    private static string? Bounded(string bot) => Encoding.UTF8.GetByteCount(bot) <= MaxBotBytes ? bot : null;

    /// <summary>The outcome of one conversation; null: it is none, or cannot be read. Without an ordinal, a whole attempt failed.</summary>
    private static object? Outcome(string type, ReadOnlySpan<byte> data)
    {
        if (type is not ("conversation_deleted" or "conversation_skipped" or "failed"))
            return null;
        try
        {
            // A member that is there may still be null.
            return EventType.Read(type, data) switch
            {
                ConversationDeleted { Items: null } or Failed { Ordinal: null } => null,
                var outcome => outcome,
            };
        }
        catch (Exception e) when (EventType.IsOfNoEvent(e))
        {
            return null;
        }
    }

    /// <summary>The entry that is being counted.</summary>
    private sealed class Open
    {
        public Open(long leaf, long version, DateTimeOffset at, object? outcome)
        {
            (FirstLeaf, LastLeaf, FirstVersion, LastVersion, At) = (leaf, leaf, version, version, at);
            if (outcome is null)
                return;
            Counts = new Counts();
            Counts.Add(outcome);
        }

        public long FirstLeaf { get; }
        public long LastLeaf { get; private set; }
        public long FirstVersion { get; }
        public long LastVersion { get; private set; }
        public DateTimeOffset At { get; }

        /// <summary>Null: the entry is one event.</summary>
        public Counts? Counts { get; }

        public void Take(long leaf, long version, object outcome)
        {
            (LastLeaf, LastVersion) = (leaf, version);
            Counts!.Add(outcome);
        }
    }

    private sealed class Counts
    {
        private readonly Dictionary<SkipReason, long> _skipped = [];
        private long _deleted;
        private long _failed;
        private ItemCounts _items = ItemCounts.None;

        public void Add(object outcome)
        {
            switch (outcome)
            {
                case ConversationDeleted e:
                    _deleted++;
                    _items += e.Items;
                    break;
                case Failed:
                    _failed++;
                    break;
                case ConversationSkipped e:
                    _skipped[e.Reason] = _skipped.GetValueOrDefault(e.Reason) + 1;
                    break;
            }
        }

        public string Json() =>
            JsonSerializer.Serialize(new BatchOutcomes(_deleted, _failed, _skipped, _items), ChangeLogJson.Readable.BatchOutcomes);
    }
}
