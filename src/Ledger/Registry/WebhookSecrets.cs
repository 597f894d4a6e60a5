using System.Security.Cryptography;
using Ledger.Keys;
using Ledger.Projections.Registry;
using Npgsql;

namespace Ledger.Registry;

/// <summary>The secrets that sign the bots' webhook messages: one secret an address, sealed under the service's key.</summary>
public static class WebhookSecrets
{
    /// <summary>The changes to a bot's secret when the bot changes. A new address gets a new secret, and no address has none.</summary>
    public static IEnumerable<NpgsqlBatchCommand> Rows(Bot? before, Bot after, byte[]? secret, KeyFolder? keys)
    {
        if (before?.WebhookUrl == after.WebhookUrl)
            yield break;
        if (after.WebhookUrl is null)
        {
            yield return new NpgsqlBatchCommand("delete from ledger.webhook_secrets where bot_id = $1")
            {
                Parameters = { new() { Value = after.BotId } },
            };
            yield break;
        }
        if (secret is null || keys is null)
            throw new InvalidOperationException(
                "a webhook can be given only with a secret for it, and with the service's keys at hand, which seal it");
        yield return new NpgsqlBatchCommand(
            "insert into ledger.webhook_secrets (bot_id, sealed) values ($1, $2) on conflict (bot_id) do update set sealed = "
            + "excluded.sealed"
        )
        {
            Parameters = { new() { Value = after.BotId }, new() { Value = keys.SealWebhookSecret(after.BotId, secret) } },
        };
    }

    /// <summary>True if the bot's secret is stored in exactly this sealed form. A secret that was set before or since has
    /// another.</summary>
    public static async Task<bool> IsStoredAsync(NpgsqlConnection connection, string bot, byte[] sealedSecret, CancellationToken cancel)
    {
        const string Exists = "select exists (select from ledger.webhook_secrets where bot_id = $1 and sealed = $2)";
        await using var command = new NpgsqlCommand(Exists, connection)
        {
            Parameters = { new() { Value = bot }, new() { Value = sealedSecret } },
        };
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>True if the bot's secret is this one. A secret made for a command that changed nothing is not in use.</summary>
    public static async Task<bool> IsInUseAsync(
        NpgsqlDataSource database, KeyFolder keys, string bot, byte[] secret, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select sealed from ledger.webhook_secrets where bot_id = $1");
        command.Parameters.AddWithValue(bot);
        return await command.ExecuteScalarAsync(cancel) is byte[] stored
            && CryptographicOperations.FixedTimeEquals(keys.OpenWebhookSecret(bot, stored), secret);
    }
}
