using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.EventStore;

/// <summary>
/// Projected documents in Marten's tables: <c>mt_doc_</c> and the document's name in lower case, revisioned by the stream's version. They are written in
/// the transaction of the events that they are folded from.
/// </summary>
public static class Documents
{
    public static string Table<T>() => "ledger.mt_doc_" + typeof(T).Name.ToLowerInvariant();

    /// <summary>What Marten keeps in <c>mt_dotnet_type</c>.</summary>
    public static string TypeName<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";

    /// <summary>Every document of one kind. For the registry's, which are few; not for jobs.</summary>
    public static async Task<List<T>> AllAsync<T>(NpgsqlConnection connection, JsonTypeInfo<T> json, CancellationToken cancel)
    {
        var documents = new List<T>();
        await using var command = new NpgsqlCommand($"select data::text from {Table<T>()}", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            documents.Add(JsonSerializer.Deserialize(reader.GetString(0), json)!);
        return documents;
    }

    /// <summary>The first version of a document.</summary>
    public static NpgsqlBatchCommand Insert<T>(Guid id, T document, JsonTypeInfo<T> json, long version) =>
        new($"insert into {Table<T>()} (id, data, mt_dotnet_type, mt_version) values ($1, $2, $3, $4)")
        {
            Parameters = { Id(id), Data(document, json), Type<T>(), Version(version) },
        };

    /// <summary>
    /// The next version of a document. The stream's compare-and-set, earlier in the same transaction, has locked the stream, so the row is at
    /// <paramref name="expected"/>; that exactly one row was changed must be checked before the commit all the same.
    /// </summary>
    public static NpgsqlBatchCommand Update<T>(Guid id, T document, JsonTypeInfo<T> json, long expected, long version) =>
        new($"update {Table<T>()} set data = $2, mt_dotnet_type = $3, mt_version = $4, mt_last_modified = transaction_timestamp() where id = $1 and mt_version = $5")
        {
            Parameters = { Id(id), Data(document, json), Type<T>(), Version(version), Version(expected) },
        };

    private static NpgsqlParameter<Guid> Id(Guid id) => new() { TypedValue = id };
    private static NpgsqlParameter<long> Version(long version) => new() { TypedValue = version };
    private static NpgsqlParameter<string> Type<T>() => new() { TypedValue = TypeName<T>() };
    private static NpgsqlParameter<string> Data<T>(T document, JsonTypeInfo<T> json) =>
        new() { TypedValue = JsonSerializer.Serialize(document, json), NpgsqlDbType = NpgsqlDbType.Jsonb };
}
