namespace Ledger.EventStore;

/// <summary>The table of a projection, for SQL that is the same for all of them.</summary>
/// <param name="Name">With its schema.</param>
/// <param name="Key">The columns that name a row; the first is the stream's id, a UUID.</param>
/// <param name="Compared">The columns beside the key that must be the fold of the stream's events.</param>
/// <param name="Written">Columns that go with them, and do not make a row wrong.</param>
/// <param name="Stamp">The column with the instant of the last change; null: there is none.</param>
public sealed record ProjectionTable(string Name, IReadOnlyList<string> Key, IReadOnlyList<string> Compared, IReadOnlyList<string>? Written = null, string? Stamp = null)
{
    /// <summary>Every column that a projection sets.</summary>
    public IReadOnlyList<string> Columns { get; } = [.. Key, .. Compared, .. Written ?? []];

    /// <summary>A condition: both aliases' rows have one key.</summary>
    public string SameKey(string one, string other) => string.Join(" and ", Key.Select(column => $"{one}.{column} = {other}.{column}"));

    /// <summary>A condition: the rows differ, or one is not there. As text, which is what readers are given of a document.</summary>
    public string Differ(string one, string other) => $"{Row(one)} is distinct from {Row(other)}";

    /// <summary>What of a row is compared, as JSON.</summary>
    public string Json(string alias) => $"jsonb_build_object({string.Join(", ", Compared.Select(column => $"'{column}', {alias}.{column}"))})";

    /// <summary>The columns behind an alias: <c>s.job_id, s.status</c>.</summary>
    public static string List(IEnumerable<string> columns, string? alias = null) =>
        string.Join(", ", alias is null ? columns : columns.Select(column => $"{alias}.{column}"));

    private string Row(string alias) => $"row({string.Join(", ", Key.Concat(Compared).Select(column => $"{alias}.{column}::text"))})";
}
