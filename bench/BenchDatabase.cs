using System.Security.Cryptography;
using Ledger.Contracts.Registry;
using Ledger.Database.Embedded;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.Bench;

/// <summary>A fresh ledger in a temporary folder, on an embedded PostgreSQL with fsync on.</summary>
public sealed class BenchDatabase : IAsyncDisposable
{
    public const string Bot = "st-bench";
    public const string Client = "cs-bench";

    private BenchDatabase(EmbeddedDatabase database)
    {
        Database = database;
        Keys = KeyFolder.Open(EmbeddedDatabase.KeysOf(database.Postgres.DataDirectory));
        Superuser = NpgsqlDataSource.Create(database.SuperuserConnection);
    }

    public EmbeddedDatabase Database { get; }
    public KeyFolder Keys { get; }
    public NpgsqlDataSource Superuser { get; }
    public byte[] Secret { get; private set; } = [];

    public static async Task<BenchDatabase> StartAsync()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"ledger-bench-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        var database = await EmbeddedDatabase.OpenAsync(
            new EmbeddedPostgresOptions { DataDirectory = folder }, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        var bench = new BenchDatabase(database);
        await bench.RegisterAsync();
        return bench;
    }

    /// <summary>A node that does nothing by itself: lanes and the log's writer are run by a benchmark.</summary>
    public WebApplication BuildNode() => LedgerService.Build(new ServiceSettings
    {
        Connection = Database.ServiceConnection,
        Keys = Keys,
        Urls = "http://127.0.0.1:0",
        Turns = null,
        Engine = null,
        Log = new LogOptions { Loop = false },
        LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
    });

    /// <summary>Conversations of one channel user with so many items each, messages for the most part.</summary>
    public async Task SeedAsync(string bot, string cId, int conversations, int items)
    {
        await ExecuteAsync(
            $$"""
            with added as (
                insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
                select '{{bot}}', substr(md5('{{bot}}' || '{{cId}}' || n), 1, 24), '{{cId}}', 'rtm',
                    timestamptz '2026-01-01' + n * interval '1 second' from generate_series(1, {{conversations}}) n
                returning conversation_key, started_at)
            insert into conversations.items (conversation_key, kind, position, created_on, body)
            select conversation_key, case when n % 6 = 0
                then n / 6 % 5 else 0 end, n, started_at,
                '{"type": "incoming", "text": "I would like to book a table for two people at half past seven in the evening."}'
            from added, generate_series(1, {{items}}) n
            """,
            $"insert into conversations.channel_users (bot_id, cid, created_at) values ('{bot}', '{cId}', '2026-01-01')");
        await ExecuteAsync("vacuum analyze conversations.items; vacuum analyze conversations.conversations".Split(';'));
    }

    public async Task ExecuteAsync(params string[] statements)
    {
        foreach (var statement in statements)
        {
            await using var command = Superuser.CreateCommand(statement);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Superuser.DisposeAsync();
        var folder = Database.Postgres.DataDirectory;
        await Database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task RegisterAsync()
    {
        await using var source = NpgsqlDataSource.Create(Database.ServiceConnection);
        await using var store = MartenSetup.Store(source, TimeProvider.System);
        var registry = new RegistryStore(source, store, Keys, TimeProvider.System);
        var (secretId, secret) = RegistryStore.NewSecret();
        Secret = secret;
        // Open at every hour for two: always.
        Accepted(
            await registry.DefineWindowAsync(
                new DefineWindow("bench", "0 0 * * * ?", "UTC", 7200, 4, "bench", null), CancellationToken.None)
        );
        Accepted(
            await registry.ExecuteAsync(
                Bot, new AddBot(Bot, null, DateTimeOffset.UnixEpoch, null, "bench", "bench", null), CancellationToken.None)
        );
        Accepted(
            await registry.ExecuteOnClientAsync(
                Client, new AddClient(Client, TokenAlgorithm.HS256, null, false, secretId, "bench", null), secret, CancellationToken.None)
        );
        Accepted(
            await registry.ExecuteAsync(
                Bot, new GrantClient(Bot, Client, [Scope.DeleteConversations], "bench", null), CancellationToken.None)
        );
    }

    private static void Accepted(Rejection? rejection)
    {
        if (rejection is not null)
            throw new InvalidOperationException(rejection.Message);
    }
}
