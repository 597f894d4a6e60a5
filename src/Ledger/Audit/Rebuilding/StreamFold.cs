using Ledger.Contracts;
using Ledger.EventStore;

namespace Ledger.Audit.Rebuilding;

/// <summary>A stream while it is folded.</summary>
/// <param name="id">The stream.</param>
/// <param name="type">Its type.</param>
internal sealed class StreamFold(Guid id, string? type)
{
    private bool _isBroken;

    public Guid Id => id;

    public string? Type => type;

    public ProjectedStream Projected { get; } = new(id, type);

    /// <summary>Of the last event that was there.</summary>
    public long Version { get; private set; }

    /// <summary>True if its type is known, and every event up to the version of its row was there and could be folded.</summary>
    public bool IsWhole(long recorded) => !_isBroken && Version == recorded && InlineProjection.Of(type).Count > 0;

    public void Apply(long eventVersion, string eventType, string data, DateTimeOffset at)
    {
        _isBroken |= eventVersion != Version + 1;
        Version = eventVersion;
        if (_isBroken)
            return;
        try
        {
            Projected.Apply(EventType.Read(eventType, data), eventVersion, Instant.Truncate(at));
        }
        catch (Exception e) when (EventType.IsOfNoEvent(e))
        {
            _isBroken = true;
        }
    }
}
