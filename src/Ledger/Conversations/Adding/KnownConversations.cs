using System.Text.Json;
using Ledger.Database;
using Npgsql;

namespace Ledger.Conversations.Adding;

/// <summary>Reads the conversations of an import that the store holds already.</summary>
internal static class KnownConversations
{
    private const int TimeoutSeconds = 300;

    private static readonly string ReadSql = Sql.Load(typeof(KnownConversations), nameof(ReadAsync));

    /// <summary>
    /// The digests of the stored conversations, by their places in <paramref name="conversations"/>. A conversation that is not stored is
    /// left out. Runs in the caller's transaction, and changes its settings (<see cref="ConversationAdding.UseIndexesAsync"/>).
    /// </summary>
    public static async Task<IReadOnlyDictionary<int, byte[]>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<ImportedConversation> conversations, CancellationToken cancel)
    {
        await ConversationAdding.UseIndexesAsync(connection, cancel);
        await using var command = new NpgsqlCommand(ReadSql, connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.Add(new() { Value = conversations.Select(one => one.BotId).ToArray() });
        command.Parameters.Add(new() { Value = conversations.Select(one => one.ConversationId).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var stored = new Dictionary<int, byte[]>();
        var (place, content) = (-1, default(ContentDigest));
        while (await reader.ReadAsync(cancel))
        {
            var next = (int)reader.GetInt64(0) - 1;
            if (next != place)
            {
                if (content is not null)
                    stored.Add(place, content.Finish());
                (place, content) = (next,
                    new ContentDigest(reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3)));
            }
            if (await reader.IsDBNullAsync(4, cancel))
                continue; // it has no items
            using var body = JsonDocument.Parse(reader.GetString(7));
            content!.Add(reader.GetInt16(4), reader.GetInt32(5), reader.GetFieldValue<DateTimeOffset>(6), body.RootElement);
        }
        if (content is not null)
            stored.Add(place, content.Finish());
        return stored;
    }
}
