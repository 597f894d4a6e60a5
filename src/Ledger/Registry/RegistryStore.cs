using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ledger.Contracts.Registry;
using Ledger.Conversations;
using Ledger.Database;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Keys;
using Ledger.Projections;
using Ledger.Projections.Registry;
using Ledger.Windows;
using Marten;
using Npgsql;

namespace Ledger.Registry;

/// <summary>Carries out registry commands. It locks the stream, decides, and appends.</summary>
/// <param name="keys">The keys, needed only to seal a secret. Null if no secret can be issued.</param>
public sealed class RegistryStore(NpgsqlDataSource database, IDocumentStore store, KeyFolder? keys, TimeProvider time)
{
    private const int SecretSize = 64;
    private const int Attempts = 5;

    private readonly ConversationStore _conversations = new();

    private static readonly string IsDisclosedSql = Sql.Load(typeof(RegistryStore), nameof(IsDisclosedAsync));
    private static readonly string LockSql = Sql.Load(typeof(RegistryStore), nameof(LockAsync));

    /// <summary>Carries out one command on a bot.</summary>
    /// <returns>Null if it was carried out, or the reason that it was not.</returns>
    public Task<Rejection?> ExecuteAsync(string botId, RegistryCommand command, CancellationToken cancel) =>
        ExecuteAsync(botId, command, webhookSecret: null, cancel);

    /// <summary>
    /// Carries out one command on a bot. If the command gives the bot another webhook than it has, a secret is stored sealed, in the same
    /// transaction.
    /// </summary>
    /// <param name="webhookSecret">The secret, for a command that may set a webhook.</param>
    public async Task<Rejection?> ExecuteAsync(string botId, RegistryCommand command, byte[]? webhookSecret, CancellationToken cancel)
    {
        if (await MissingReferenceAsync(command, cancel) is { } missing)
            return missing;
        var closed = await WindowThatNeverOpensAsync(command, cancel);
        var facts = await FactsAsync(botId, command, cancel);
        return await ExecuteAsync(
            StreamIds.Bot(botId),
            (Bot? bot) => closed is not null && bot?.Window != WindowOf(command)
                ? Decision<RegistryEvent>.Reject(closed)
                : RegistryDecisions.Decide(bot, command, facts),
            BotFold.Apply,
            (before, after, _) => WebhookSecrets.Rows(before, after, webhookSecret, keys), cancel);
    }

    /// <summary>
    /// Records that a client gets a job's identifiers in some form, unless it is recorded already. A read page by page, or a repeated read,
    /// is one disclosure. Of several calls at once, one records it.
    /// </summary>
    /// <returns>Null if it is recorded, or the reason that it is not.</returns>
    public async Task<Rejection?> DiscloseOnceAsync(RecordDisclosure record, CancellationToken cancel) => await ExecuteAsync(
        StreamIds.Bot(record.Bot), (Bot? bot) => RegistryDecisions.Decide(bot, record), BotFold.Apply, (_, _, _) => [], cancel,
        isDone: connection => IsDisclosedAsync(connection, record, cancel));

    /// <summary>
    /// Records that nothing more is posted to a bot's webhook, and destroys its secret. Of several nodes at once, one records it. A webhook
    /// that was set again in the meantime is left alone, even with the same address, because it has another secret.
    /// </summary>
    /// <param name="sealedSecret">The webhook's secret, sealed, as it was when its receiver was last asked.</param>
    /// <returns>Null if it is done, or the reason that it is not.</returns>
    public Task<Rejection?> DisableWebhookAsync(DisableWebhook command, byte[] sealedSecret, CancellationToken cancel) => ExecuteAsync(
        StreamIds.Bot(command.Bot), (Bot? bot) => RegistryDecisions.Decide(bot, command), BotFold.Apply,
        (before, after, _) => WebhookSecrets.Rows(before, after, secret: null, keys), cancel,
        isDone: async connection => !await WebhookSecrets.IsStoredAsync(connection, command.Bot, sealedSecret, cancel));

    /// <summary>Defines a window, again or for the first time. A window that could never open is refused.</summary>
    public async Task<Rejection?> DefineWindowAsync(DefineWindow command, CancellationToken cancel)
    {
        var problems = Window.Problems(
            command.Name, command.Cron, command.TimeZone, TimeSpan.FromSeconds(command.LengthSeconds), command.Lanes, time);
        return problems.Count > 0
            ? new Rejection(string.Join("; ", problems))
            : await ExecuteAsync(
                StreamIds.Window(command.Name), (DeletionWindow? window) => RegistryDecisions.Decide(window, command),
                DeletionWindowFold.Apply, (_, _, _) => [], cancel);
    }

    /// <summary>True if a window has the name of <see cref="Window.Default"/>.</summary>
    public static async Task<bool> HasDefaultWindowAsync(NpgsqlDataSource database, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var id = StreamIds.Window(Window.Default.Name);
        return (await FindAsync(connection, id, DocumentJson.Default.DeletionWindow, cancel)).Document is not null;
    }

    /// <summary>
    /// Defines <see cref="Window.Default"/> if no window has its name. A window that an administrator changed is left alone.
    /// </summary>
    public async Task EnsureDefaultWindowAsync(CancellationToken cancel)
    {
        var window = Window.Default;
        var define = new DefineWindow(
            window.Name, window.Cron, window.TimeZone, (long)window.Length.TotalSeconds, window.Lanes, "ledger",
            "the window of a bot that was given none");
        await ExecuteAsync(
            StreamIds.Window(window.Name),
            (DeletionWindow? defined) => defined is null ? RegistryDecisions.Decide(defined, define) : Decision<RegistryEvent>.Nothing,
            DeletionWindowFold.Apply, (_, _, _) => [], cancel);
    }

    /// <summary>Carries out one command on a client. A secret that it issues is stored sealed in the same transaction.</summary>
    /// <param name="secret">The secret of an <see cref="AddClient"/> or <see cref="IssueSecret"/>. Null otherwise.</param>
    public Task<Rejection?> ExecuteOnClientAsync(string clientId, RegistryCommand command, byte[]? secret, CancellationToken cancel) =>
        ExecuteAsync(
            StreamIds.Client(clientId), (ApiClient? client) => RegistryDecisions.Decide(client, command), ApiClientFold.Apply,
            (_, _, events) => SecretRows(clientId, secret, events), cancel);

    /// <summary>
    /// A fresh secret and a name for it. The secret, which is the HMAC key, is the UTF-8 bytes of a printable text (86 characters of
    /// base64url over 64 random bytes). So any JWT tool takes it as it is shown.
    /// </summary>
    public static (string SecretId, byte[] Secret) NewSecret() =>
        (
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)),
            Encoding.UTF8.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretSize))));

    private async Task<Rejection?> ExecuteAsync<TDocument>(
        Guid id, Func<TDocument?, Decision<RegistryEvent>> decide, Func<TDocument?, RegistryEvent, TDocument> fold,
        Func<TDocument?, TDocument, IReadOnlyList<RegistryEvent>, IEnumerable<NpgsqlBatchCommand>> alongside,
        CancellationToken cancel, Func<NpgsqlConnection, Task<bool>>? isDone = null)
        where TDocument : class
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
            try
            {
                var stream = await transaction.LockAsync<TDocument, Guid>(id, cancel);
                if (isDone is not null && await isDone(connection))
                    return null;
                var decision = decide(stream.Aggregate);
                if (decision.Rejection is not null || decision.Events.Count == 0)
                    return decision.Rejection;
                var changed = decision.Events.Aggregate(stream.Aggregate, fold)!;
                var rows = alongside(stream.Aggregate, changed, decision.Events).ToList();
                transaction.Append(stream, decision.Events, time.GetUtcNow());
                await transaction.WriteAsync(rows, [], closing: null, cancel);
                await transaction.CommitAsync(cancel);
                return null;
            }
            catch (LostRaceException) when (attempt < Attempts)
            {
                // Of two that start a stream, one is told. What is there by now decides.
            }
        }
    }

    /// <summary>Locks bots' streams until the transaction ends. It must come first in the transaction, so that no other writer gets
    /// ahead.</summary>
    internal static async Task LockAsync(NpgsqlConnection connection, IReadOnlyCollection<string> bots, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(LockSql, connection);
        command.Parameters.Add(new() { Value = bots.Select(StreamIds.Bot).ToArray() });
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>
    /// Appends an event about a bot's jobs or conversations to its stream, in a transaction that another place commits. The bot's document
    /// keeps its content and has the stream's version as always.
    /// </summary>
    /// <exception cref="LostRaceException">This transaction lost in a deadlock.</exception>
    internal static async Task RecordAsync(
        StreamTransaction transaction, string botId, RegistryEvent @event, DateTimeOffset at, CancellationToken cancel)
    {
        transaction.Append(await transaction.LockAsync<Bot, Guid>(StreamIds.Bot(botId), cancel), [@event], at);
        await transaction.WriteAsync(cancel);
    }

    /// <summary>A stream's document and version. Version 0 if there is no document.</summary>
    internal static async Task<(TDocument? Document, long Version)> FindAsync<TDocument>(
        NpgsqlConnection connection, Guid stream, JsonTypeInfo<TDocument> json, CancellationToken cancel)
        where TDocument : class
    {
        await using var command = new NpgsqlCommand(
            $"select data::text, mt_version from {Documents.Table<TDocument>()} where id = $1", connection)
        {
            Parameters = { new() { Value = stream } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (JsonSerializer.Deserialize(reader.GetString(0), json), reader.GetInt64(1)) : (null, 0);
    }

    private static async Task<bool> IsDisclosedAsync(NpgsqlConnection connection, RecordDisclosure record, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(IsDisclosedSql, connection)
        {
            Parameters =
            {
                new() { Value = StreamIds.Bot(record.Bot) },
                new() { Value = record.Job },
                new() { Value = record.Client },
                new() { Value = record.What },
            },
        };
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private IEnumerable<NpgsqlBatchCommand> SecretRows(string clientId, byte[]? secret, IReadOnlyList<RegistryEvent> events)
    {
        if (keys is null && events.Any(@event => @event is ClientSecretIssued))
            throw new InvalidOperationException("a secret can be issued only with the service's keys at hand, which seal it");
        foreach (var @event in events)
        {
            if (@event is ClientSecretIssued issued)
            {
                yield return new NpgsqlBatchCommand("insert into ledger.client_secrets (client_id, secret_id, sealed) values ($1, $2, $3)")
                {
                    Parameters =
                    {
                        new() { Value = clientId },
                        new() { Value = issued.SecretId },
                        new() { Value = keys!.SealSecret(clientId, issued.SecretId, secret!) },
                    },
                };
            }
            else if (@event is ClientSecretRetired retired)
            {
                yield return new NpgsqlBatchCommand("delete from ledger.client_secrets where client_id = $1 and secret_id = $2")
                {
                    Parameters = { new() { Value = clientId }, new() { Value = retired.SecretId } },
                };
            }
            else if (@event is ClientRevoked)
            {
                yield return new NpgsqlBatchCommand("delete from ledger.client_secrets where client_id = $1")
                {
                    Parameters = { new() { Value = clientId } },
                };
            }
        }
    }

    /// <summary>The facts for a command. The first conversation needs a look at all of them, so it is read only for a possible
    /// creation.</summary>
    private async Task<BotFacts> FactsAsync(string botId, RegistryCommand command, CancellationToken cancel)
    {
        if (command is not (AddBot or ChangeBot { CreatedAt: not null }))
            return new BotFacts(time.GetUtcNow(), FirstConversation: null);
        await using var connection = await database.OpenConnectionAsync(cancel);
        return new BotFacts(time.GetUtcNow(), await _conversations.FirstOfBotAsync(connection, botId, cancel));
    }

    /// <summary>The problem if a named window or client is missing. Both are other streams, which must be there and are never
    /// removed.</summary>
    private async Task<Rejection?> MissingReferenceAsync(RegistryCommand command, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        if (WindowOf(command) is { } window
            && (await FindAsync(connection, StreamIds.Window(window), DocumentJson.Default.DeletionWindow, cancel)).Document is null)
            return new Rejection($"there is no window '{window}': define it with `ledger window add`");
        if (command is GrantClient grant
            && (await FindAsync(connection, StreamIds.Client(grant.Client), DocumentJson.Default.ApiClient, cancel)).Document
                is not { Revoked: false })
            return new Rejection($"there is no client '{grant.Client}' (or it was revoked): register it with `ledger client add`");
        // Else a mistyped name would be told that it may no longer act, while the one that was meant goes on.
        if (command is RevokeGrant revoke
            && (await FindAsync(connection, StreamIds.Client(revoke.Client), DocumentJson.Default.ApiClient, cancel)).Document is null)
            return new Rejection("there is no such client: `ledger client list` shows them");
        return null;
    }

    private static string? WindowOf(RegistryCommand command) =>
        command switch { AddBot add => add.Window, ChangeBot change => change.Window, _ => null };

    /// <summary>The problem if the named window never opens again, because no job of the bot could run. Null if it opens, or none is
    /// named.</summary>
    private async Task<string?> WindowThatNeverOpensAsync(RegistryCommand command, CancellationToken cancel)
    {
        if (WindowOf(command) is not { } name)
            return null;
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (window, _) = await FindAsync(connection, StreamIds.Window(name), DocumentJson.Default.DeletionWindow, cancel);
        return window is not null && new WindowCalendar(WindowPlanner.Window(window)).WhyNeverAgain(time.GetUtcNow()) is { } reason
            ? $"the window '{name}' never opens again ({reason}): define it anew with `ledger window add`, or name another one"
            : null;
    }
}
