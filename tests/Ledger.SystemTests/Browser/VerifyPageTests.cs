using System.Text;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Forgetting;
using Ledger.SystemTests.Proofs;
using Ledger.Tests.Contracts.Transparency.Proofs;
using Microsoft.Playwright;

namespace Ledger.SystemTests.Browser;

/// <summary>A service, and proofs of its job, for the tests of one class.</summary>
public sealed class ProvenJob : IAsyncLifetime
{
    private static readonly TimeSpan s_delay = TimeSpan.FromMinutes(1);

    private readonly Once<TestService> _service;

    public ProvenJob() => _service = new(StartAsync);

    public Task<TestService> Service => _service.Value;

    public byte[] Whole { get; private set; } = [];

    /// <summary>Of a conversation that was erased by the second attempt.</summary>
    public byte[] One { get; private set; } = [];

    /// <summary>After the job was forgotten.</summary>
    public byte[] Forgotten { get; private set; } = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _service.DisposeAsync();

    private async Task<TestService> StartAsync()
    {
        var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        var job = await RetriedAsync(service);
        (Whole, One) = (await service.JobProofAsync(job), await service.ConversationProofAsync(job, "a-00002"));
        await service.ForgetAsync(job);
        await service.WriteLogAsync();
        Forgotten = await service.JobProofAsync(job);
        return service;
    }

    /// <summary>One conversation is not found, one is deleted at the second attempt.</summary>
    private static async Task<string> RetriedAsync(TestService service)
    {
        await service.AddConversationsAsync("a", 3, "user-1");
        await service.AddTriggerAsync(
            "conversations", "refuse_once", "before delete",
            "if old.conversation_id = 'a-00002' then raise exception 'no'; end if; return old;");
        var job = await service.SubmitAsync(new { conversationIds = (string[])["a-00001", "a-00002", "a-00003", "nobody-has"] });
        await service.RunSlicesAsync();
        await service.ExecuteAsync("drop trigger refuse_once on conversations.conversations");
        await service.Clock.AdvanceAsync(s_delay + TimeSpan.FromSeconds(1));
        await service.RunSlicesAsync();
        return job;
    }
}

/// <summary>The verify page checks what the service hands out with the network cut, and asks for nothing once it is loaded.</summary>
public sealed class VerifyPageTests(ProvenJob proven) : IClassFixture<ProvenJob>
{
    [SkippableFact]
    public async Task Proofs_are_checked_with_the_network_cut_and_no_request_leaves()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await proven.Service;
        var (whole, one) = (proven.Whole, proven.One);
        var page = await Chromium.OpenAsync(service.Client.BaseAddress!);
        try
        {
            var requests = await OpenAndCutAsync(page);
            await page.GetByRole(AriaRole.Button, new() { Name = "Use this server’s key" }).ClickAsync();
            Assert.Equal(service.LogKey().ToString(), await page.GetByLabel("The log’s public key").InputValueAsync());
            const string Partly =
                "The proof holds. PARTLY ERASED: 3 of the 4 conversations on the job's list were erased, 1 was not: skipped (1 not found, "
                + "or not this bot's).";
            Assert.Equal(Partly, await CheckAsync(page, whole));
            Assert.Contains("4 of 4 shown in the file, each checked", await ResultAsync(page), StringComparison.Ordinal);
            Assert.Contains("Checked by the key that this server gave", await ResultAsync(page), StringComparison.Ordinal);
            Assert.Equal(Partly, await CheckAsync(page, proven.Forgotten));
            Assert.Contains("none shown in the file", await ResultAsync(page), StringComparison.Ordinal);
            Assert.Equal("The proof holds. ERASED: the conversation was erased.", await CheckAsync(page, one));
            Assert.Contains("That backups, replicas and copies elsewhere are erased.", await ResultAsync(page), StringComparison.Ordinal);

            Assert.Matches(
                "^THE PROOF DOES NOT HOLD: line [0-9]+: the leaves .* do not give its root",
                await CheckAsync(page, Replaced(whole, "\"messages\":1", "\"messages\":2")));
            Assert.StartsWith(
                "THE PROOF DOES NOT HOLD: the entry is not in the log", await CheckAsync(page, Replaced(one, "\nindex ", "\nindex 1")),
                StringComparison.Ordinal);
            Assert.Equal(
                "THE PROOF DOES NOT HOLD: line 1: the file ends too early: it was cut short",
                await CheckAsync(page, "erasure-proof/v1\n"u8.ToArray()));
            Assert.Empty(requests);
            await page.EvaluateAsync("fetch('/').catch(() => {})");
            Assert.Empty(requests); // the page's policy forbids its scripts to connect
            await page.EvaluateAsync(
                "new Promise(done => { const image = new Image(); image.onload = image.onerror = done; image.src = '/assets/none.svg'; })");
            Assert.Single(requests); // one would have been seen
        }
        finally
        {
            await page.Context.CloseAsync();
        }
    }

    [SkippableFact]
    public async Task A_key_that_is_none_is_no_verdict_on_the_proof_another_logs_key_is_one_and_a_newer_ledgers_proof_is_not_proven()
    {
        Requires.That(Chromium.IsInstalled, Chromium.Missing);
        var service = await proven.Service;
        var proof = proven.Whole;
        var page = await Chromium.OpenAsync(service.Client.BaseAddress!);
        try
        {
            var requests = await OpenAndCutAsync(page);
            Assert.Equal("NOTHING WAS CHECKED: Give the log's public key first.", await CheckAsync(page, proof));
            await page.GetByLabel("The log’s public key").FillAsync("log.example+1234");
            Assert.StartsWith(
                "NOTHING WAS CHECKED: the log's key 'log.example+1234' is not right", await CheckAsync(page, proof),
                StringComparison.Ordinal);
            await page.GetByLabel("The log’s public key")
                .FillAsync("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
            Assert.Contains("and the key is of 'example.com/log/testdata'", await CheckAsync(page, proof), StringComparison.Ordinal);
            Assert.StartsWith("THE PROOF DOES NOT HOLD", await ResultAsync(page), StringComparison.Ordinal);
            await page.GetByLabel("The log’s public key").FillAsync(ProofLog.Key.Verifier.ToString());
            var newer = ProofLog.Of(SampleJobs.Of(3, false, []).Inserting(4, "conversation_archived", "{}"), []);
            Assert.Matches(
                @"^NOT PROVEN: made by a newer ledger: this program does not know the event type 'conversation_archived' \(line [0-9]+\)$",
                await CheckAsync(page, Encoding.UTF8.GetBytes(await newer.JobProofAsync())));
            Assert.DoesNotContain("ERASED", await ResultAsync(page), StringComparison.Ordinal);
            Assert.Contains("Do not rely on anything else that it says", await ResultAsync(page), StringComparison.Ordinal);
            Assert.Empty(requests);
        }
        finally
        {
            await page.Context.CloseAsync();
        }
    }

    /// <returns>The requests that the page makes from now on.</returns>
    private static async Task<List<string>> OpenAndCutAsync(IPage page)
    {
        var problems = new List<string>();
        page.Console += (_, message) => problems.Add(message.Text);
        page.PageError += (_, error) => problems.Add(error);
        await page.GotoAsync("/verify");
        // It is enabled when all modules are loaded.
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Check the proof" })).ToBeEnabledAsync();
        Assert.Empty(problems); // a breach of the content security policy would be one
        await page.Context.SetOfflineAsync(true);
        var requests = new List<string>();
        page.Request += (_, request) => requests.Add(request.Url);
        return requests;
    }

    /// <returns>What the page says, in the words that are read out.</returns>
    private static async Task<string> CheckAsync(IPage page, byte[] proof)
    {
        await page.GetByLabel("Proof file")
            .SetInputFilesAsync(new FilePayload { Name = "a proof", MimeType = "text/plain", Buffer = proof });
        await page.GetByRole(AriaRole.Button, new() { Name = "Check the proof" }).ClickAsync();
        await page.Locator("#verify-result > *").First.WaitForAsync();
        return await page.GetByRole(AriaRole.Status).InnerTextAsync();
    }

    private static Task<string> ResultAsync(IPage page) => page.Locator("#verify-result").InnerTextAsync();

    private static byte[] Replaced(byte[] proof, string old, string by)
    {
        var text = Encoding.UTF8.GetString(proof);
        var at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at > 0, "there is nothing to tamper with");
        return Encoding.UTF8.GetBytes($"{text[..at]}{by}{text[(at + old.Length)..]}");
    }
}
