using System.Net;
using System.Net.Sockets;
using Ledger.Cli;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Execution;
using Ledger.Web;

namespace Ledger.SystemTests.Cli;

/// <summary><c>ledger submit</c>, <c>ledger status</c> and <c>ledger jobs</c>, as real processes against a running service.</summary>
public sealed class SubmitVerbTests(SharedService shared) : IClassFixture<SharedService>
{
    [SkippableFact]
    public async Task A_channel_users_job_is_submitted_from_standard_input_and_followed_to_its_end()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        await service.AddConversationsAsync("a", 30, "u-5e966499");
        using var submit = Submit(service, "--cid", "-", "--start-date", "2026-01-01", "--end-date", "2026-01-01T10:00:00Z", "--watch");
        submit.Type(["u-5e966499"]);
        Assert.True(await submit.ExitCodeAsync() == ExitCodes.Done, submit.Error);

        var job = submit.Output.TrimEnd('\n');
        Assert.Matches("^cdj-[0-9a-f-]{36}$", job);
        Assert.Matches("status\tcompleted \\(done\\)", submit.Error);
        Assert.Matches("deleted\t10\n", submit.Error);
        Assert.Contains($"{job} completed: 10 of 10 deleted, 100 %", submit.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("u-5e966499", submit.Output + submit.Error, StringComparison.Ordinal);
        Assert.Equal("completed done 10 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
    }

    [SkippableFact]
    public async Task Ids_come_from_a_file_the_token_too_and_only_the_jobs_id_goes_to_standard_output()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 3, "user-1");
        using var folder = new Folder();
        await File.WriteAllTextAsync(folder.File("ids"), "a-00001\r\na-00002\r\n\r\na-00001\r\n");
        await File.WriteAllTextAsync(folder.File("token"), service.Token() + "\n");
        string[] args =
        [
            "submit", "--bot", service.Bot, "--url", Url(service), "--ids", folder.File("ids"), "--token-file", folder.File("token"),
            "--idempotency-key", "k-1",
        ];

        var first = await CliDatabase.RunAsync(args);
        Assert.True(first.ExitCode == ExitCodes.Done, first.Error);
        var job = Assert.Single(first.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"GET {Url(service)}{service.Deletions}/{job}", first.Error, StringComparison.Ordinal);
        Assert.Contains($"ledger status {job} --watch", first.Error, StringComparison.Ordinal);
        Assert.Equal(first.Output, (await CliDatabase.RunAsync(args)).Output);

        await service.RunSlicesAsync();
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        await File.WriteAllTextAsync(folder.File("ids"), "a-00003\n");
        var reused = await CliDatabase.RunAsync(args);
        Assert.Equal((ExitCodes.Failed, ""), (reused.ExitCode, reused.Output));
        Assert.Contains("the API answered 422", reused.Error, StringComparison.Ordinal);
        Assert.Contains("this Idempotency-Key was used for another request", reused.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_preview_tells_counts_and_window_and_submits_nothing()
    {
        await using var service = await shared.WithOwnBotAsync();
        await service.AddConversationsAsync("a", 2, "user-1");
        using var folder = new Folder();
        await File.WriteAllTextAsync(folder.File("ids"), "a-00001\na-00002\na-00003\n");
        await File.WriteAllTextAsync(folder.File("token"), service.Token() + "\n");
        string[] args =
        [
            "submit", "--preview", "--bot", service.Bot, "--url", Url(service), "--ids", folder.File("ids"), "--token-file",
            folder.File("token"),
        ];
        var preview = await CliDatabase.RunAsync(args);
        Assert.True(preview.ExitCode == ExitCodes.Done, preview.Error);
        Assert.Contains(
            "identified\t3 conversations\ndeletable\t2\nskipped\t1 (1 not found, or not this bot's)\n", preview.Output,
            StringComparison.Ordinal);
        Assert.Contains("window\ttest\n", preview.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was submitted", preview.Error, StringComparison.Ordinal);
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where bot = $1", service.Bot));
        var both = await CliDatabase.RunAsync([.. args, "--watch"]);
        Assert.Equal(ExitCodes.Usage, both.ExitCode);
        Assert.Contains("a preview submits nothing", both.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_job_is_cancelled_once_and_its_status_is_shown()
    {
        await using var service = await shared.WithOwnBotAsync();
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using var folder = new Folder();
        await File.WriteAllTextAsync(folder.File("token"), service.Token());
        string[] args = ["cancel", job, "--bot", service.Bot, "--url", Url(service), "--token-file", folder.File("token")];

        var cancelled = await CliDatabase.RunAsync(args);
        Assert.True(cancelled.ExitCode == ExitCodes.Done, cancelled.Error);
        Assert.Contains("cancelled (done)", cancelled.Output, StringComparison.Ordinal);
        Assert.Equal("cancelled done 0 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        var again = await CliDatabase.RunAsync(args);
        Assert.Equal((ExitCodes.Failed, ""), (again.ExitCode, again.Output));
        Assert.Contains("the job has ended, as cancelled", again.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task What_the_API_refuses_is_told_in_its_words_with_what_to_do()
    {
        await using var service = await shared.WithOwnBotAsync();
        var future = await RefusedAsync(service, service.Token(), "--cid", "-", "--end-date", "2999-01-01");
        Assert.Contains("the API answered 400", future, StringComparison.Ordinal);
        Assert.Contains("endDate must not be in the future", future, StringComparison.Ordinal);
        Assert.Contains(
            "`ledger token --client ID` makes one", await RefusedAsync(service, "nonsense", "--cid", "-"), StringComparison.Ordinal);
        Assert.Contains(
            "Permission denied. Scope is incorrect!", await RefusedAsync(service, service.Token(Scope.LedgerAudit), "--ids", "-"),
            StringComparison.Ordinal);
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job where bot = $1", service.Bot));
    }

    [SkippableFact]
    public async Task A_service_that_is_not_there_and_one_that_is_none_are_told()
    {
        using var folder = new Folder();
        await File.WriteAllTextAsync(folder.File("ids"), "a-00001");
        await File.WriteAllTextAsync(folder.File("token"), "t");
        string[] args = ["submit", "--bot", "st-1", "--ids", folder.File("ids"), "--token-file", folder.File("token"), "--url"];
        var nobody = await CliDatabase.RunAsync([.. args, "http://127.0.0.1:1"]);
        Assert.Equal(ExitCodes.Failed, nobody.ExitCode);
        Assert.Contains("the service cannot be reached", nobody.Error, StringComparison.Ordinal);

        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var answering = Task.Run(async () =>
        {
            using var client = await other.AcceptTcpClientAsync();
            await client.GetStream().ReadExactlyAsync(new byte[4]);
            await client
                .GetStream()
                .WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\nConnection: close\r\n\r\n<html>a-00001</html>"u8.ToArray());
            await client.GetStream().CopyToAsync(Stream.Null); // until the caller has read it
        });
        var foreign = await CliDatabase.RunAsync([.. args, $"http://{other.LocalEndpoint}"]);
        await answering;
        Assert.Contains("not an answer of the ledger's: is the URL right?", foreign.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a-00001", foreign.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_request_whose_answer_was_lost_is_sent_again_and_is_one_job()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Http = new HttpOptions { Submits = null, Polls = null } });
        using var relay = new BreakingRelay(new Uri(Url(service)).Port);
        using var submit = LedgerProcess.Start(
            new Dictionary<string, string> { [ServiceAccess.TokenVariable] = service.Token() }, "submit", "--bot", service.Bot, "--url",
            relay.Url, "--cid", "-");
        submit.Type(["user-1"]);
        Assert.True(await submit.ExitCodeAsync() == ExitCodes.Done, submit.Error);
        Assert.True(relay.Broken > 0);
        Assert.Equal(1, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job"));
        Assert.Equal(Rebuilding.Rebuilds.Stream(submit.Output.Trim()), await service.ScalarAsync<Guid>("select id from ledger.mt_doc_job"));
    }

    [SkippableFact]
    public async Task Status_watches_a_job_until_it_ends_and_its_exit_code_says_how()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Execution = new() { BatchSize = 2, RetryDelays = [TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero] } });
        await service.AddConversationsAsync("a", 6, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        using (
            var watch = LedgerProcess.Start(
                "status", job, "--watch", "--connection", service.Database.ConnectionStringFor("ledger_service"))
        )
        {
            await Steps.UntilAsync(
                "the waiting job is not told",
                () => Task.FromResult(watch.Error.Contains($"{job} waiting until ", StringComparison.Ordinal)));
            await service.RunSlicesAsync();
            Assert.Equal(ExitCodes.Done, await watch.ExitCodeAsync());
            Assert.Contains($"{job} completed: 6 of 6 deleted, 100 %", watch.Error, StringComparison.Ordinal);
            Assert.Matches("status\tcompleted \\(done\\)", watch.Output);
        }

        // One that the store refuses, and one whose document says that it was cancelled.
        await service.AddConversationsAsync("b", 1, "user-2");
        await service.AddTriggerAsync("items", "refuse", "before delete", "raise exception 'no';");
        var failing = await service.SubmitAsync(new { cId = "user-2" });
        await Steps.UntilAsync("the job does not fail", async () =>
        {
            await service.RunSlicesAsync();
            return (await service.StatusAsync(failing)).GetProperty("status").GetString() == "failed";
        });
        Assert.Equal(ExitCodes.JobFailed, (await StatusAsync(service, failing, "--watch")).ExitCode);
        Assert.Equal(ExitCodes.Done, (await StatusAsync(service, failing)).ExitCode);
        await service.ExecuteAsync(
            "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{status}', '\"cancelled\"') where id = $1",
            Rebuilding.Rebuilds.Stream(failing));
        Assert.Equal(ExitCodes.JobCancelled, (await StatusAsync(service, failing, "--watch", "--json")).ExitCode);
    }

    [SkippableFact]
    public async Task Jobs_are_listed_by_bot_and_state()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 1, "user-1");
        var done = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var other = await service.AddBotAsync();
        var waiting = await service.SubmitAsync(new { cId = "user-1" }, other);

        Assert.Equal([waiting, done], await ListAsync(service));
        Assert.Equal([waiting], await ListAsync(service, "--bot", other));
        Assert.Equal([done], await ListAsync(service, "--state", "completed"));
        Assert.Equal([waiting], await ListAsync(service, "--state", "queued"));
        Assert.Equal([waiting], await ListAsync(service, "--state", "waiting"));
        Assert.Equal([waiting], await ListAsync(service, "--limit", "1"));
        var due = await service.SubmitAsync(
            new { cId = "user-1", @case = new { dueOn = TimeProvider.System.GetUtcNow().AddDays(3).ToString("yyyy-MM-dd") } }, other);
        Assert.Equal([due], await ListAsync(service, "--due-within", "4d"));
        Assert.Empty(await ListAsync(service, "--due-within", "1d"));
        foreach (var none in new[] { "failed", "cancelled", "running", "retrying", "paused" })
            Assert.Empty(await ListAsync(service, "--state", none));
    }

    private static async Task<string[]> ListAsync(TestService service, params string[] args)
    {
        var result = await CliDatabase.RunAsync(["jobs", .. args, "--connection", service.Database.ConnectionStringFor("ledger_service")]);
        Assert.True(result.ExitCode == ExitCodes.Done, result.Error);
        var jobs = result.Output.Split('\n').Where(line => line.StartsWith("cdj-", StringComparison.Ordinal));
        return [.. jobs.Select(line => line.Split('\t')[0])];
    }

    private static Task<CliResult> StatusAsync(TestService service, string job, params string[] args) =>
        CliDatabase.RunAsync(["status", job, .. args, "--connection", service.Database.ConnectionStringFor("ledger_service")]);

    private static async Task<string> RefusedAsync(TestService service, string token, params string[] args)
    {
        using var submit = LedgerProcess.Start(
            new Dictionary<string, string> { [ServiceAccess.TokenVariable] = token },
            ["submit", "--bot", service.Bot, "--url", Url(service), .. args]);
        submit.Type(["u-5e966499"]);
        Assert.Equal(ExitCodes.Failed, await submit.ExitCodeAsync());
        Assert.Equal("", submit.Output);
        Assert.DoesNotContain("u-5e966499", submit.Error, StringComparison.Ordinal);
        return submit.Error;
    }

    private static LedgerProcess Submit(TestService service, params string[] args) =>
        LedgerProcess.Start(
            new Dictionary<string, string> { [ServiceAccess.TokenVariable] = service.Token() },
            ["submit", "--bot", service.Bot, "--url", Url(service), .. args]);

    private static string Url(TestService service) => service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("ledger-submit-").FullName;

        public string File(string name) => Path.Combine(_path, name);

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
