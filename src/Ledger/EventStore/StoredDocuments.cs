using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.EventStore;

/// <summary>A stored document that is not the fold of its stream's events.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Expected">The row as JSON.</param>
/// <param name="Found">The stored row as JSON; null: there is none.</param>
internal sealed record DocumentDifference(Guid Stream, string Expected, string? Found);

/// <summary>Compares stored documents with folds: the server is sent the folds and answers with what differs.</summary>
internal static class StoredDocuments
{
    /// <summary>The documents of streams that are not what these fold to, each at the version that it is of.</summary>
    public static async IAsyncEnumerable<DocumentDifference> DifferencesAsync(
        NpgsqlConnection connection, InlineProjection projection, IEnumerable<(ProjectedStream Stream, long Version)> streams,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        if (Rows(projection, streams) is not { } rows)
            yield break;
        // As text, which is what readers are given. Through jsonb, as the stored one went: it orders members and drops nothing else.
        var sql = $"""
            select x.id, {Json(projection, "x")}::text, case when d.id is not null then {Json(projection, "d")}::text end
            from jsonb_populate_recordset(null::{projection.Table}, $1) x
            left join {projection.Table} d on d.id = x.id
            where d.id is null or {Text(projection, "d")} is distinct from {Text(projection, "x")}
            """;
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0, Parameters = { rows } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            yield return new DocumentDifference(
                reader.GetGuid(0), reader.GetString(1), await reader.IsDBNullAsync(2, cancel) ? null : reader.GetString(2));
        }
    }

    private static string Json(InlineProjection projection, string alias) =>
        $"jsonb_build_object({string.Join(", ", projection.Compared.Select(column => $"'{column}', {alias}.{column}"))})";

    private static string Text(InlineProjection projection, string alias) =>
        $"row({string.Join(", ", projection.Compared.Select(column => $"{alias}.{column}::text"))})";

    /// <returns>Null: no stream has such a document.</returns>
    private static NpgsqlParameter? Rows(InlineProjection projection, IEnumerable<(ProjectedStream Stream, long Version)> streams)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using var json = new Utf8JsonWriter(buffer);
        var any = false;
        json.WriteStartArray();
        foreach (var (stream, version) in streams)
        {
            if (stream.Row(projection) is not { } row)
                continue;
            projection.Write(json, stream.Id, version, row);
            any = true;
        }
        json.WriteEndArray();
        json.Flush();
        return any ? new NpgsqlParameter { Value = Encoding.UTF8.GetString(buffer.WrittenSpan), NpgsqlDbType = NpgsqlDbType.Jsonb } : null;
    }
}
