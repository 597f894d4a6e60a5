using Ledger.SystemTests.EventStore;
using System.Text.Json;

namespace Ledger.SystemTests.Audit;

/// <summary>
/// Whoever may insert rows puts an event into a stream that the ledger would never record. The log takes it and goes on, and so do the
/// deletions of other jobs. The audit names it, and is not blind to the rest of the stream.
/// </summary>
public sealed class OddEventTests
{
    [Theory]
    [InlineData("bot", "moon_landed", """{"a": [1, "x", null, {}], "b": -7}""", "An event is of an unknown type")]
    [InlineData("bot", "bot_changed", """{"x": 1}""", "An event cannot be read")]
    [InlineData("bot", "conversation_deleted", "{}", "An event cannot be read")]
    [InlineData("api_client", "moon_landed", "\"text\"", "An event is of an unknown type")]
    [InlineData("api_client", "client_secret_issued", "[]", "An event cannot be read")]
    [InlineData("window", "moon_landed", "null", "An event is of an unknown type")]
    public async Task One_in_a_stream_of_the_registry(string streamType, string eventType, string data, string finding)
    {
        await using var audited = await AuditedService.StartAsync();
        var table = streamType switch { "bot" => "mt_doc_bot", "api_client" => "mt_doc_apiclient", _ => "mt_doc_deletionwindow" };
        var name = await audited.Service.ScalarAsync<Guid>($"select id from ledger.{table} limit 1");
        var version = await InsertAsync(audited, name, eventType, data);

        var job = await audited.Service.SubmitAsync(new { conversationIds = new[] { "a-00019" } });
        await audited.Service.RunSlicesAsync();
        Assert.Equal("completed", (await audited.Service.StatusAsync(job)).GetProperty("status").GetString());

        var output = await audited.FindsAsync([$"{finding}: version {version} of {name}"]);
        Assert.DoesNotContain("A registry document differs", output, StringComparison.Ordinal);
        await audited.TamperAsync($"update ledger.{table} set data = jsonb_set(data, '{'{'}changed{'}'}', 'true') where id = $1", name);
        await audited.FindsAsync([$"A registry document differs: the document in ledger.{table} of {name}"]);
    }

    [Theory]
    [InlineData("moon_landed", "{}", "An event is of an unknown type")]
    [InlineData("conversation_deleted", "{}", "An event cannot be read")]
    [InlineData("bot_changed", "{}", "An event cannot be read")]
    [InlineData("completed", "\"text\"", "An event cannot be read")]
    public async Task One_in_the_stream_of_a_waiting_job(string eventType, string data, string finding)
    {
        await using var audited = await AuditedService.StartAsync();
        var odd = await audited.Service.SubmitAsync(new { conversationIds = new[] { "a-00017" } });
        var version = await InsertAsync(audited, Guid.Parse(odd["cdj-".Length..]), eventType, data);
        var job = await audited.Service.SubmitAsync(new { conversationIds = new[] { "a-00018" } });
        await audited.Service.RunSlicesAsync();
        Assert.Equal("completed", (await audited.Service.StatusAsync(job)).GetProperty("status").GetString());

        var output = await audited.FindsAsync([$"{finding}: version {version} of {odd}"]);
        Assert.DoesNotContain("A status document differs", output, StringComparison.Ordinal);
        await audited.TamperAsync(
            "update ledger.mt_doc_jobstatus set data = jsonb_set(data, '{result,deletedCount}', '3') where id = $1",
            Guid.Parse(odd["cdj-".Length..]));
        await audited.FindsAsync([$"A status document differs: the document in ledger.mt_doc_jobstatus of {odd}"]);
    }

    /// <summary>A job whose record is whole shows it, whatever stands behind its end.</summary>
    [Fact]
    public async Task One_behind_the_end_of_a_job_harms_no_page_of_it_more_than_it_must()
    {
        await using var audited = await AuditedService.StartAsync();
        await InsertAsync(audited, audited.Stream, "moon_landed", "{}");
        await audited.Service.WriteLogAsync();
        await audited.FindsAsync(
        [
            $"An event breaks a rule: version 8 of {audited.Job} (moon_landed)",
            $"An event is of an unknown type: version 8 of {audited.Job}",
        ]);
        Assert.Equal("completed", (await audited.Service.StatusAsync(audited.Job)).GetProperty("status").GetString());
        using var log = await audited.Service.SendAsync(HttpMethod.Get, $"/api/public/bot/{audited.Service.Bot}/changelogs");
        Assert.True(log.IsSuccessStatusCode, await log.Content.ReadAsStringAsync());
        Assert.NotEmpty(JsonDocument.Parse(await log.Content.ReadAsStringAsync()).RootElement.EnumerateArray());
    }

    /// <summary>As who owns the database does it.</summary>
    private static async Task<long> InsertAsync(AuditedService audited, Guid stream, string type, string data)
    {
        var version = 1 + await audited.Service.ScalarAsync<long>("select max(version) from ledger.mt_events where stream_id = $1", stream);
        await audited.Service.ExecuteAsync(RawAppend.Insertion(stream, version, type, data));
        return version;
    }
}
