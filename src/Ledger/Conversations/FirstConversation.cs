using Ledger.Database;
using Npgsql;

namespace Ledger.Conversations;

/// <summary>When the earliest conversation in the store started; null where there is none.</summary>
public static class FirstConversation
{
    private static readonly string OfBotSql = Sql.Load(typeof(FirstConversation), nameof(OfBotAsync));
    private static readonly string OfChannelUserSql = Sql.Load(typeof(FirstConversation), nameof(OfChannelUserAsync));

    /// <summary>Reads all of the bot's conversations: for what an administrator does now and then.</summary>
    public static Task<DateTimeOffset?> OfBotAsync(NpgsqlConnection connection, string botId, CancellationToken cancel) =>
        ReadAsync(connection, OfBotSql, [botId], cancel);

    public static Task<DateTimeOffset?> OfChannelUserAsync(
        NpgsqlConnection connection, string botId, string cId, CancellationToken cancel) =>
        ReadAsync(connection, OfChannelUserSql, [botId, cId], cancel);

    private static async Task<DateTimeOffset?> ReadAsync(NpgsqlConnection connection, string sql, string[] ids, CancellationToken cancel)
    {
        // It takes as long as it takes: there is no index on the start, and whoever asks is asked to name one that is right.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var id in ids)
            command.Parameters.Add(new NpgsqlParameter { Value = id });
        return await command.ExecuteScalarAsync(cancel) is DateTime at ? new DateTimeOffset(at) : null;
    }
}
