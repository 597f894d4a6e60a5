using System.Buffers;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.EventStore;

/// <summary>Rows of a projection on their way to the server.</summary>
internal static class ProjectedRows
{
    /// <summary>A parameter for <c>jsonb_populate_recordset</c>: the rows that the streams have in a projection, each at the version that it is of.</summary>
    public static NpgsqlParameter Json(InlineProjection projection, IEnumerable<(ProjectedStream Stream, long Version)> streams)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        foreach (var (stream, version) in streams)
        {
            if (stream.Row(projection) is { } row)
                projection.Write(json, stream.Id, version, row);
        }
        json.WriteEndArray();
        json.Flush();
        return new NpgsqlParameter { Value = Encoding.UTF8.GetString(buffer.WrittenSpan), NpgsqlDbType = NpgsqlDbType.Jsonb };
    }
}
