namespace Ledger.EventStore;

/// <summary>One stream as its events go by: the rows of its projections. Its size does not depend on how many events there are.</summary>
/// <param name="id">The stream.</param>
/// <param name="type">Its type; null or one without projections: it has no rows.</param>
public sealed class ProjectedStream(Guid id, string? type)
{
    private readonly IReadOnlyList<InlineProjection> _projections = InlineProjection.Of(type);
    private readonly Dictionary<InlineProjection, object> _rows = [];

    public Guid Id => id;

    /// <summary>The row so far; null: the stream has none there.</summary>
    public object? Row(InlineProjection projection) => _rows.GetValueOrDefault(projection);

    /// <summary>The document so far; null: the stream has none of this kind.</summary>
    public T? Document<T>()
        where T : class => _rows.Values.OfType<T>().SingleOrDefault();

    /// <summary>Takes the next event. One that is refused changes nothing.</summary>
    /// <exception cref="InvalidOperationException">It cannot come here.</exception>
    public void Apply(object @event, long version, DateTimeOffset at)
    {
        var rows = _projections.Select(
            projection => projection.Apply(_rows.GetValueOrDefault(projection), id, @event, version, at)).ToArray();
        foreach (var (projection, row) in _projections.Zip(rows))
            _rows[projection] = row;
    }
}
