using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.SystemTests.Identifiers;

/// <summary>No raw identifier outside the sealed rows and the conversation store: not in any other table, not in any log.</summary>
public sealed class LeakTests
{
    /// <summary>The conversation store itself; its analytics are searched.</summary>
    private const string Store = "'conversations.conversations'::regclass, 'conversations.items'::regclass, 'conversations.channel_users'::regclass";

    [SkippableFact]
    public async Task After_a_run_with_failures_and_refusals_no_id_is_found_in_the_database_or_in_any_log()
    {
        var log = new CapturedLog();
        var server = await TestDatabase.ServerAsync();
        await using var service = await TestService.StartAsync(new TestServiceOptions
        {
            Lanes = true,
            Log = log,
            Execution = new() { RetryDelays = [TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(600), TimeSpan.FromMilliseconds(900)] },
        });
        string[] secrets = [Name("conv"), Name("разговор"), Name("user"), Name("idem-key"), Name("sent-in-vain")];
        await RunAsync(service, secrets[0], secrets[1], secrets[2], secrets[3], secrets[4]);

        var everything = string.Join('\n', await DumpAsync(service), log.Text, await ReadAsync(Path.Combine(server.DataDirectory, "cluster", "server.log")));
        Assert.Empty(secrets.SelectMany(id => RawIdentifier.Find(id, everything)));
        // What was searched is what was written.
        Assert.Contains("\"conversationIds\"", everything, StringComparison.Ordinal);
        Assert.Contains("internal error", log.Text, StringComparison.Ordinal);
        Assert.Contains("lane-0", everything, StringComparison.Ordinal);
        Assert.Contains("database system is ready", everything, StringComparison.Ordinal);
    }

    private static string Name(string prefix) => $"{prefix}-{RandomNumberGenerator.GetHexString(20, lowercase: true)}";

    /// <summary>Jobs by ids and by channel user, under an idempotency key, with a conversation that never goes; refused requests of every kind; and an internal error.</summary>
    private static async Task RunAsync(TestService service, string conversation, string other, string user, string key, string vain)
    {
        await service.AddConversationsAsync(conversation, 3, user);
        await service.AddConversationsAsync(other, 2, user);
        await service.AddTriggerAsync("conversations", "refuse", "before delete",
            "if old.conversation_id like '%-00002' then raise exception 'cannot delete %', old.conversation_id using detail = old.conversation_id, hint = old.cid; end if; return old;");
        var ids = new[] { $"{conversation}-00001", $"{conversation}-00002", $"{other}-00001", vain };
        foreach (var body in new object[] { new { conversationIds = ids }, new { conversationIds = ids }, new { conversationIds = new[] { vain } } })
            using (await service.SendAsync(HttpMethod.Post, service.Deletions, body, idempotencyKey: key)) { }
        var byUser = await service.SubmitAsync(new { cId = user });

        await RefusalsAsync(service, vain);
        await service.ExecuteAsync("revoke insert on ledger.job_secrets from ledger_service");
        using (var failed = await service.SendAsync(HttpMethod.Post, service.Deletions, new { cId = vain }, idempotencyKey: vain))
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        await service.ExecuteAsync("grant insert on ledger.job_secrets to ledger_service");

        await Steps.UntilAsync("jobs are left", async () => await service.ScalarAsync<long>("select count(*) from ledger.job_queue") == 0);
        Assert.StartsWith("failed done", await service.CountsAsync(byUser), StringComparison.Ordinal);
        Assert.Equal(2, await service.CountConversationsAsync());
        await service.AssertRecordsAgreeAsync();
    }

    private static async Task RefusalsAsync(TestService service, string vain)
    {
        foreach (var body in new[]
                 {
                     $$"""{"cId":"{{vain}}","conversationIds":["{{vain}}"]}""", $$"""{"cId":"{{vain}}","startDate":"{{vain}}"}""", $$"""{"{{vain}}":1}""", $$"""{"conversationIds":["{{vain}}",""",
                     $$"""{"conversationIds":["{{vain}}{{new string('x', 128)}}"]}""",
                 })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            await RefusedAsync(service, HttpMethod.Post, service.Deletions, content);
        }
        using (var text = new StringContent(vain, Encoding.UTF8, "text/plain"))
            await RefusedAsync(service, HttpMethod.Post, service.Deletions, text);
        foreach (var path in new[] { $"{service.Deletions}/{vain}", $"{service.Deletions}/cdj-{vain}/outcomes?after={vain}", $"/{vain}", $"/api/public/bot/{vain}/conversations/delete", $"{service.Deletions}?after={vain}" })
            await RefusedAsync(service, HttpMethod.Get, path, content: null);
        await RefusedAsync(service, HttpMethod.Get, service.Deletions, content: null, token: $"{vain}.{vain}.{vain}");
        await RefusedAsync(service, HttpMethod.Get, service.Deletions, content: null, token: TestService.Sign(vain, service.Secret));
    }

    private static async Task RefusedAsync(TestService service, HttpMethod method, string path, HttpContent? content, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("auth", token ?? service.Token());
        using var response = await service.Client.SendAsync(request);
        Assert.InRange((int)response.StatusCode, 400, 499);
    }

    [Theory]
    [InlineData("conv-0123456789", "plain text")]
    [InlineData("разговор-1", "plain text")]
    public void An_id_is_found_in_every_form_that_it_can_hide_in(string id, string plain)
    {
        Assert.Contains($"{id} as {plain}", RawIdentifier.Find(id, $"text {id} text"));
        Assert.Empty(RawIdentifier.Find(id, "text " + id[..^1] + " text"));
        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            foreach (var before in new[] { "", "a", "ab", "abc" })
            {
                byte[] around = [.. Encoding.ASCII.GetBytes(before), .. encoding.GetBytes(id), .. "z"u8];
                foreach (var text in new[] { Convert.ToHexString(around), Convert.ToHexStringLower(around), Convert.ToBase64String(around), System.Buffers.Text.Base64Url.EncodeToString(around) })
                    Assert.NotEmpty(RawIdentifier.Find(id, text));
            }
        }
        Assert.NotEmpty(RawIdentifier.Find(id, System.Text.Json.JsonSerializer.Serialize(id)));
    }

    [SkippableFact]
    public async Task An_id_that_is_planted_is_found()
    {
        await using var service = await TestService.StartAsync();
        var id = Name("planted");
        Assert.Empty(RawIdentifier.Find(id, await DumpAsync(service)));
        foreach (var plant in new[]
                 {
                     "insert into ledger.mt_event_progression (name) values ($1)", "insert into conversations.analytics values ('bot', now(), $1, 1, 1)",
                     "insert into ledger.client_secrets values ('c', 's', $1::text::bytea)", "insert into ledger.client_secrets values ('c', 's', encode($1::text::bytea, 'base64')::bytea)",
                     "insert into ledger.mt_streams (id, type) values (gen_random_uuid(), encode(('x' || $1)::bytea, 'base64'))",
                     "insert into quartz.qrtz_locks (sched_name, lock_name) values ('x', $1)",
                 })
        {
            await using var connection = new NpgsqlConnection(service.Database.Superuser);
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand(plant, connection, transaction) { Parameters = { new() { Value = id } } };
            await command.ExecuteNonQueryAsync();
            Assert.NotEmpty(RawIdentifier.Find(id, await DumpAsync(connection)));
        }
    }

    private static async Task<string> DumpAsync(TestService service)
    {
        await using var connection = new NpgsqlConnection(service.Database.Superuser);
        await connection.OpenAsync();
        return await DumpAsync(connection);
    }

    /// <summary>Every row of every table but the conversation store's, as COPY writes it, and the bytes of every binary column once more as they are.</summary>
    private static async Task<string> DumpAsync(NpgsqlConnection connection)
    {
        var dump = new StringBuilder();
        foreach (var table in await TextsAsync(connection,
            $"select oid::regclass::text from pg_class where relkind = 'r' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema') and oid not in ({Store})"))
        {
            dump.AppendLine(table);
            using var copy = await connection.BeginTextExportAsync($"copy {table} to stdout");
            dump.AppendLine(await copy.ReadToEndAsync());
        }
        foreach (var column in await TextsAsync(connection,
            $"select format('select %I from %s', attname, attrelid::regclass) from pg_attribute join pg_class c on c.oid = attrelid and relkind = 'r' where atttypid = 'bytea'::regtype and attrelid not in ({Store})"))
        {
            await using var command = new NpgsqlCommand(column, connection);
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                dump.AppendLine(await reader.IsDBNullAsync(0) ? "" : Encoding.Latin1.GetString(reader.GetFieldValue<byte[]>(0)));
        }
        return dump.ToString();
    }

    private static async Task<List<string>> TextsAsync(NpgsqlConnection connection, string sql)
    {
        var texts = new List<string>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            texts.Add(reader.GetString(0));
        return texts;
    }

    private static async Task<string> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Everything that is logged, with the values of its parameters and whole exceptions.</summary>
    private sealed class CapturedLog : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = [];

        public string Text => string.Join('\n', _lines);

        public ILogger CreateLogger(string categoryName) => this;

        // The node's console prints no scopes: the framework's name the path, and whoever puts an id there has put it into a URL.
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value}")) : "";
            _lines.Enqueue($"{logLevel} {formatter(state, exception)} {values} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
