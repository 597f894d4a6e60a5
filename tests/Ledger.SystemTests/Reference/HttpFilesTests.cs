using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Reference;

/// <summary>requests/*.http, sent as they stand there.</summary>
public sealed class HttpFilesTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "requests");

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(s_folder, "*.http").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public async Task Every_request_is_answered_as_its_file_says(string name)
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true });
        foreach (var conversation in new[] { "69eb0c87ec444445976aaaaa", "69eb0b5c7cd98618e06aaaaa" })
        {
            await service.AddConversationsAsync(conversation, 1, "u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa");
            await service.ExecuteAsync(
                "update conversations.conversations set conversation_id = $1 where conversation_id = $1 || '-00001'", conversation);
        }
        var file = new HttpFile(await File.ReadAllTextAsync(Path.Combine(s_folder, name)), new Dictionary<string, string>
        {
            ["host"] = service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority),
            ["bot"] = service.Bot,
            ["token"] = service.Token(),
        });
        Assert.NotEmpty(file.Requests);
        // A person starts reading a moment later than this test.
        await Execution.Steps.UntilAsync("the log is published", () => service.ScalarAsync<bool>(
            "select exists (select from ledger.log_checkpoints where published_at is not null)"));
        foreach (var request in file.Requests)
            file.Keep(request, await SendAsync(service.Client, file, request));
    }

    [Fact]
    public void None_holds_a_secret()
    {
        foreach (var file in Directory.EnumerateFiles(s_folder))
        {
            var text = File.ReadAllText(file);
            Assert.DoesNotContain("eyJ", text, StringComparison.Ordinal); // how every JWT begins
            Assert.All(
                text.Split('\n').Where(line => line.StartsWith("@token", StringComparison.Ordinal)),
                line => Assert.Equal("@token = {{$processEnv LEDGER_TOKEN}}", line));
        }
    }

    private static async Task<string> SendAsync(HttpClient client, HttpFile file, HttpFileRequest request)
    {
        using var deadline = new CancellationTokenSource(Patience.Limit);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            using var message = file.Message(request);
            using var answer = await client.SendAsync(message);
            var text = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode == request.Status)
                return text;
            Assert.True(
                request.Meanwhile.Contains((int)answer.StatusCode),
                $"{request.Title}: {(int)answer.StatusCode} instead of {request.Status}: {text}");
            await ticks.WaitForNextTickAsync(deadline.Token);
        }
    }
}
