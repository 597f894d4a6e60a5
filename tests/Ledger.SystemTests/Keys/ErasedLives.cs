using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Jobs;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Certificates;
using Ledger.SystemTests.Cli;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Notifications;
using Ledger.SystemTests.Proofs;
using Npgsql;

namespace Ledger.SystemTests.Keys;

/// <summary>
/// Channel users and conversations on their whole way through the ledger, from the import until their jobs are forgotten and the keys
/// rotated.
/// </summary>
internal sealed class ErasedLives
{
    private readonly string[] _users = [Name("user-by-cid"), Name("пользователь"), Name("user-that-stays")];
    private readonly string[] _conversations =
        [Name("conv-a"), Name("conv-b"), $"{Name("conv-c")}-refused", Name("разговор"), Name("conv-of-staying"), Name("conv-stays")];
    private readonly string _vain = Name("sent-in-vain");
    private readonly string _key = Name("idem-key");
    private readonly List<string> _jobs = [];

    /// <summary>What nothing may hold at the end.</summary>
    public IEnumerable<string> Erased => [.. _users[..2], .. _conversations[..5], _vain, _key];

    /// <summary>What is still in the store.</summary>
    public IEnumerable<string> Stay => [_users[2], _conversations[5]];

    /// <summary>What commands answered.</summary>
    public List<string> Said { get; } = [];

    public static string Name(string prefix) => $"{prefix}-{RandomNumberGenerator.GetHexString(20, lowercase: true)}";

    public async Task LiveAsync(TestService service)
    {
        await ImportAsync(service);
        // Before the erasure, when the tables hold everything: statistics are samples of values, and nobody takes them anew afterwards.
        await service.ExecuteAsync("analyze");
        await EraseAsync(service);
        await LookAsync(service);
        await RefusalsAsync(service, _vain);
        await InternalErrorAsync(service);
        await service.UntilAllIsSentAsync();
        await service.AssertRecordsAgreeAsync();
        var users = await service.ScalarAsync<long>("select count(*) from conversations.channel_users");
        Assert.Equal((1, 1), (await service.CountConversationsAsync(), users));

        foreach (var job in _jobs.Distinct())
            await service.ForgetAsync(job);
        await service.RotateAsync();
        Assert.Empty((await new IdentifierSearch(service.Source, service.Keys).FindAsync([.. Erased], null, CancellationToken.None)).Found);
    }

    /// <summary>Twice, and once more with a line that cannot be taken.</summary>
    private async Task ImportAsync(TestService service)
    {
        var owners = new[] { 0, 0, 0, 1, 2, 2 };
        var lines = owners.Select((owner, i) => JsonSerializer.Serialize(new
        {
            botId = service.Bot,
            conversationId = _conversations[i],
            cId = _users[owner],
            channel = "rtm",
            startedAt = "2026-05-04T08:00:00Z",
            messages = new[] { new { text = $"{_users[owner]} in {_conversations[i]}" } },
            logs = new[] { new { of = _conversations[i] } },
        })).ToArray();
        var wrong = $$"""{"botId":"{{service.Bot}}","conversationId":"{{_vain}}","cId":7}""";
        foreach (var content in new[] { lines, [lines[0]], [lines[0], wrong] })
        {
            var file = Path.GetTempFileName();
            await File.WriteAllTextAsync(file, string.Join('\n', content));
            var connection = service.Database.ConnectionStringFor("ledger_service");
            var result = await CliDatabase.RunAsync(["import", file, "--connection", connection, "--keys", service.KeyDirectory]);
            File.Delete(file);
            Said.Add(result.Output + result.Error);
        }
    }

    /// <summary>By ids and by cId, under an idempotency key; one conversation is refused until its job has failed, and then goes.</summary>
    private async Task EraseAsync(TestService service)
    {
        await service.AddTriggerAsync("conversations", "refuse", "before delete",
            """
            if old.conversation_id like '%-refused' then
                raise exception 'cannot delete %', old.conversation_id using detail = old.conversation_id, hint = old.cid;
            end if;
            return old;
            """);
        string[] ids = [_conversations[3], _conversations[4], _vain];
        var bodies = new[] { ids, ids, [_vain] }.Select(each => new { conversationIds = each });
        foreach (var body in bodies)
        {
            using var response = await service.SendAsync(HttpMethod.Post, service.Deletions, body, idempotencyKey: _key);
            if (response.IsSuccessStatusCode)
                _jobs.Add(JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.Text("jobId"));
        }
        _jobs.Add(await service.SubmitAsync(new { cId = _users[0] }));
        await UntilNoJobIsLeftAsync(service);
        Assert.StartsWith("failed done 2 deleted 1 failed", await service.CountsAsync(_jobs[^1]), StringComparison.Ordinal);
        await service.ExecuteAsync("drop trigger refuse on conversations.conversations");
        _jobs.Add(await service.SubmitAsync(new { cId = _users[0], startDate = "2026-05-04", endDate = "2026-05-05" }));
        await UntilNoJobIsLeftAsync(service);
        Assert.StartsWith("completed done 1 deleted 0 failed", await service.CountsAsync(_jobs[^1]), StringComparison.Ordinal);
    }

    private static Task UntilNoJobIsLeftAsync(TestService service) =>
        Steps.UntilAsync("jobs are left", async () =>
            await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where status = 'queued'") == 0);

    /// <summary>Everything that shows a job, to its own client (with the ids), in the console and to regulators.</summary>
    private async Task LookAsync(TestService service)
    {
        Assert.Equal("deleted", (await service.OutcomesByIdAsync(_jobs[0]))[_conversations[3]]);
        await service.ConversationProofAsync(_jobs[0], _conversations[4]);
        using var person = new Person(service);
        using (await person.SignInAsync(service.Token())) { }
        foreach (var job in _jobs.Distinct())
        {
            await service.JobProofAsync(job);
            foreach (var type in new[] { "application/json", "text/html" })
                await service.CertificateAsync(job, type);
            using (await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/events")) { }
            using (await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/progress")) { }
            Said.Add(await person.TextAsync($"/jobs/{service.Bot}/{job}"));
        }
        // Where Chromium is, its files are temporary. It prints what "text/html" showed.
        using (await service.AskForCertificateAsync(_jobs[^1], "application/pdf")) { }
        foreach (var page in new[] { "/", "/jobs", "/bots", "/log", "/messages" })
            Said.Add(await person.TextAsync(page));
    }

    private async Task InternalErrorAsync(TestService service)
    {
        await service.ExecuteAsync("revoke insert on ledger.job_secrets from ledger_service");
        using (var failed = await service.SendAsync(HttpMethod.Post, service.Deletions, new { cId = _vain }, idempotencyKey: _vain))
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        await service.ExecuteAsync("grant insert on ledger.job_secrets to ledger_service");
    }

    private static async Task RefusalsAsync(TestService service, string vain)
    {
        foreach (var body in new[]
                 {
                     $$"""{"cId":"{{vain}}","conversationIds":["{{vain}}"]}""", $$"""{"cId":"{{vain}}","startDate":"{{vain}}"}""",
                     $$"""{"{{vain}}":1}""", $$"""{"conversationIds":["{{vain}}",""",
                     $$"""{"conversationIds":["{{vain}}{{new string('x', 128)}}"]}""",
                 })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            await RefusedAsync(service, HttpMethod.Post, service.Deletions, content);
        }
        using (var text = new StringContent(vain, Encoding.UTF8, "text/plain"))
            await RefusedAsync(service, HttpMethod.Post, service.Deletions, text);
        foreach (var path in new[]
                 {
                     $"{service.Deletions}/{vain}", $"{service.Deletions}/cdj-{vain}/outcomes?after={vain}", $"/{vain}",
                     $"/api/public/bot/{vain}/conversations/delete", $"{service.Deletions}?after={vain}",
                 })
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
}

internal static class SuperuserSession
{
    public static async Task<NpgsqlConnection> OpenAsync(this TestService service)
    {
        var connection = new NpgsqlConnection(service.Database.Superuser);
        await connection.OpenAsync();
        return connection;
    }
}
