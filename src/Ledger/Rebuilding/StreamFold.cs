using Ledger.Contracts;
using Ledger.EventStore;

namespace Ledger.Rebuilding;

/// <summary>A stream while it is folded.</summary>
/// <param name="id">The stream.</param>
/// <param name="type">Its type.</param>
/// <param name="recorded">The version that its row says.</param>
/// <param name="version">The version that is folded already.</param>
internal sealed class StreamFold(Guid id, string? type, long recorded, long version)
{
    private bool _isBroken;

    public Guid Id => id;

    public ProjectedStream Projected { get; } = new(id, type);

    public long Version { get; private set; } = version;

    /// <summary>It is of a type that is known, and every event was there and could be folded.</summary>
    public bool IsWhole => !_isBroken && Version == recorded && InlineProjection.Of(type).Count > 0;

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
        catch (Exception e) when (e is NotSupportedException || ProjectedStream.IsMisplaced(e))
        {
            _isBroken = true;
        }
    }
}
