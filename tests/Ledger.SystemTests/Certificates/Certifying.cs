using System.Net.Http.Headers;
using System.Text.Json;
using Ledger.SystemTests.Execution;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Certificates;

/// <summary>Jobs to be certified, and their certificates over HTTP.</summary>
internal static class Certifying
{
    public static async Task<HttpResponseMessage> AskForCertificateAsync(
        this TestService service, string job, string? accept = null, string query = "", string? token = null, string? bot = null,
        HttpClient? node = null)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"/api/public/bot/{Uri.EscapeDataString(bot ?? service.Bot)}/conversations/delete/{job}/certificate{query}");
        request.Headers.Add("auth", token ?? service.Token());
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        return await (node ?? service.Client).SendAsync(request);
    }

    public static async Task<byte[]> CertificateAsync(
        this TestService service, string job, string accept, string query = "", string? bot = null, string? token = null,
        HttpClient? node = null)
    {
        using var response = await service.AskForCertificateAsync(job, accept, query, token, bot, node);
        var body = await response.Content.ReadAsByteArrayAsync();
        Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(body));
        Assert.Equal(MediaTypeHeaderValue.Parse(accept).MediaType, response.Content.Headers.ContentType!.MediaType);
        return body;
    }

    public static async Task<JsonElement> JsonCertificateAsync(this TestService service, string job, HttpClient? node = null) =>
        JsonDocument.Parse(await service.CertificateAsync(job, "application/json", node: node)).RootElement;

    /// <summary>A service whose window opens at 18:00 UTC for two hours; retries come ten hours later, which is the next night.</summary>
    public static readonly TestServiceOptions Nights = new()
    {
        OwnClock = true,
        RetentionDays = 300,
        Window = new("0 0 18 * * ?", "Europe/Lisbon", TimeSpan.FromHours(2), 4),
        Execution = new() { BatchSize = 3, RetryDelays = [TimeSpan.FromHours(10), TimeSpan.FromHours(10), TimeSpan.FromHours(10)] },
    };

    /// <summary>A job of 14 ids over two nights: 10 erased (2 of them by the second attempt), 4 skipped for three reasons.</summary>
    public static async Task<string> TwoNightsAsync(this TestService service)
    {
        var recent = Steps.At("2026-10-01T00:00:00Z");
        await service.AddConversationsAsync("a", 11, "user-1", recent, perKind: 3);
        await service.AddConversationsAsync("old", 1, "user-1", Steps.At("2021-01-01T00:00:00Z"));
        var earlier = await service.SubmitAsync(new { conversationIds = new[] { "a-00011" } });
        await service.AddTriggerAsync(
            "conversations", "refuse_two", "before delete",
            "if old.conversation_id ~ '0000[27]$' then raise exception 'refused'; end if; return old;");
        await service.RunAtAsync("2026-11-20T18:30:00Z");
        Assert.StartsWith("completed", await service.CountsAsync(earlier), StringComparison.Ordinal);

        var job = await service.SubmitAsync(
            new { conversationIds = (string[])[.. Enumerable.Range(1, 11).Select(n => $"a-{n:D5}"), "old-00001", "nobody-1", "nobody-2"] });
        await service.RunAtAsync("2026-11-20T19:00:00Z");
        await service.ExecuteAsync("drop trigger refuse_two on conversations.conversations");
        await service.RunAtAsync("2026-11-21T18:10:00Z");
        Assert.StartsWith("completed done 10 deleted 0 failed 4 skipped", await service.CountsAsync(job), StringComparison.Ordinal);
        return job;
    }

    /// <summary>A job of three conversations by channel user, of which the store refuses one four nights long.</summary>
    public static async Task<string> FailingAsync(this TestService service)
    {
        await service.AddConversationsAsync("f", 3, "user-9", Steps.At("2026-10-01T00:00:00Z"));
        await service.AddTriggerAsync(
            "conversations", "refuse_one", "before delete",
            "if old.conversation_id = 'f-00002' then raise exception 'refused'; end if; return old;");
        var job = await service.SubmitAsync(new { cId = "user-9", startDate = "2026-01-01", endDate = "2026-11-01" });
        for (var night = 20; night <= 25; night++)
            await service.RunAtAsync($"2026-11-{night}T18:10:00Z");
        Assert.Equal("failed done 2 deleted 1 failed 0 skipped 0 retries", await service.CountsAsync(job));
        return job;
    }

    /// <summary>A job that never gets a list, since the store refuses to be asked for it.</summary>
    public static async Task<string> ListlessAsync(this TestService service)
    {
        await service.ExecuteAsync("revoke select on conversations.channel_users from ledger_service");
        var job = await service.SubmitAsync(new { cId = "user-9" });
        for (var night = 26; night <= 30; night++)
            await service.RunAtAsync($"2026-11-{night}T18:10:00Z");
        await service.ExecuteAsync("grant select on conversations.channel_users to ledger_service");
        return job;
    }

    /// <summary>Folders in which this job's certificate is being printed: other tests, and other programs, print too.</summary>
    public static List<string> FoldersOf(string job) => [.. Directory.GetDirectories(Path.GetTempPath(), "ledger-pdf-*").Where(folder =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "page.html")).Contains(job, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // gone, or not written yet
        }
    })];

    /// <summary>A PDF's text, without any white space: where lines break does not matter.</summary>
    public static async Task<string> TextAsync(byte[] pdf) => Squeezed(await PdfToolAsync(["pdftotext", "-raw"], pdf, "-"));

    /// <summary>What <c>pdfinfo</c> says.</summary>
    public static Task<string> InfoAsync(byte[] pdf) => PdfToolAsync(["pdfinfo"], pdf);

    public static string Squeezed(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    private static async Task<string> PdfToolAsync(string[] tool, byte[] pdf, params string[] behind)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("ledger-test-pdf-").FullName, "a.pdf");
        await File.WriteAllBytesAsync(file, pdf);
        try
        {
            var (code, said) = await Tool.RunAsync(tool[0], [.. tool[1..], file, .. behind]);
            Assert.True(code == 0, said);
            return said;
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }
}

/// <summary>Shorter JSON reading.</summary>
internal static class JsonMembers
{
    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
