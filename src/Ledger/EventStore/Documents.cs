using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Npgsql;

namespace Ledger.EventStore;

/// <summary>
/// Reads documents in Marten's tables: <c>mt_doc_</c> and the document's name in lower case, revisioned by the stream's version. For what
/// is read as it is stored, or before anything else of Marten is needed.
/// </summary>
public static class Documents
{
    public static string Table<T>() => "ledger.mt_doc_" + typeof(T).Name.ToLowerInvariant();

    /// <summary>The name that Marten keeps in <c>mt_dotnet_type</c>.</summary>
    public static string TypeName<T>() => typeof(T).FullName!;

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
}
