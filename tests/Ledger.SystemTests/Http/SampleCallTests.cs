using System.Diagnostics;
using System.Text.Json;
using Ledger.Contracts.Registry;

namespace Ledger.SystemTests.Http;

/// <summary>The three sample calls of the published API, by curl itself, with only host, ids and token changed.</summary>
public sealed class SampleCallTests
{
    [SkippableFact]
    public async Task The_published_curl_calls_work_as_they_are()
    {
        Requires.That(File.Exists("/usr/bin/curl"), "curl (Debian: apt install curl)");
        await using var service = await ApiService.StartAsync();
        var host = service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        var url = $"{host}{ApiService.DeletionsOf(ApiService.OtherBot)}";
        var auth = $"auth: {service.Token(Scope.DeleteConversations)}";

        var byId = await CurlAsync("--location", url, "--header", auth, "--header", "Content-Type: application/json", "--data", """
            {
                "conversationIds": [
                    "69eb0c87ec444445976aaaaa",                                                                                                                                                                                                                  
                    "69eb0b5c7cd98618e06aaaaa"      
                  ]          
                }
            """);
        Assert.Equal("queued", byId.GetProperty("status").GetString());

        var byUser = await CurlAsync("--location", url, "--header", auth, "--header", "Content-Type: application/json", "--data", """
            {
                "cId":"u-e64325ed-82dc-5dd4-88dd-54ac52eaaaaa",
                "startDate": "2026-05-04T00:00:00.000Z",              
                  "endDate": "2026-05-04T23:59:59.999Z"
                }
            """);
        Assert.Equal("queued", byUser.GetProperty("status").GetString());

        var status = await CurlAsync("--location", $"{url}/{byUser.GetProperty("jobId").GetString()}", "--header", auth, "--data", "");
        Assert.Equal("cId", status.GetProperty("requestType").GetString());
        Assert.Equal(byUser.GetProperty("submittedAt").GetString(), status.GetProperty("submittedAt").GetString());
    }

    private static async Task<JsonElement> CurlAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/curl", ["--silent", "--show-error", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["NO_PROXY"] = "*";
        using var curl = Process.Start(start)!;
        var output = curl.StandardOutput.ReadToEndAsync();
        var errors = await curl.StandardError.ReadToEndAsync();
        await curl.WaitForExitAsync();
        Assert.True(curl.ExitCode == 0, errors);
        return JsonDocument.Parse(await output).RootElement;
    }
}
