using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Forgetting;

public sealed class ForgetTests
{
    [Fact]
    public async Task A_forgotten_job_keeps_its_status_and_counts_and_loses_what_leads_to_identifiers()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("theirs", 1100, "user-1");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        var status = (await service.StatusAsync(job)).GetRawText();
        Assert.Equal("theirs-00001", (await OutcomesAsync(service, job))[0].GetProperty("conversationId").GetString());

        var forgotten = await service.ForgetAsync(job);
        Assert.Equal((service.Bot, 2, 1100, 1), (forgotten.Bot, forgotten.ManifestRows, forgotten.Identifiers, forgotten.Epoch));
        Assert.Equal(status, (await service.StatusAsync(job)).GetRawText());
        var outcome = (await OutcomesAsync(service, job))[0];
        Assert.Equal((JsonValueKind.Null, "deleted"), (outcome.GetProperty("conversationId").ValueKind, outcome.GetProperty("outcome").GetString()));
        Assert.Equal(0, await service.ScalarAsync<long>("select (select count(*) from ledger.job_secrets) + (select count(sealed) from ledger.job_manifest)"));

        var again = await service.ForgetAsync(job);
        Assert.Equal((null, 0), (again.At, again.ManifestRows));
        Assert.Equal([new JobKeyDestroyed(service.Bot, job) { Actor = "test", Reason = "asked for" }], await DestroyedAsync(service));
        Assert.Equal(1, await service.ScalarAsync<long>("select forgotten from ledger.key_epochs"));
        Assert.True(await service.ScalarAsync<bool>("select s.version = d.mt_version from ledger.mt_streams s join ledger.mt_doc_bot d using (id)"));
    }

    [Fact]
    public async Task Of_several_that_forget_a_job_at_once_one_records_it()
    {
        await using var service = await TestService.StartAsync();
        var jobs = new List<string>();
        for (var i = 0; i < 4; i++)
            jobs.Add(await service.SubmitAsync(new { conversationIds = new[] { $"theirs-{i}" } }));
        await service.RunSlicesAsync();
        var forgotten = await Task.WhenAll(jobs.SelectMany(job => Enumerable.Range(0, 4).Select(_ => Task.Run(() => service.ForgetAsync(job)))));
        Assert.Equal(4, forgotten.Count(job => job.At is not null));
        Assert.Equal(jobs.Order(StringComparer.Ordinal), (await DestroyedAsync(service)).Select(@event => @event.Job).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_unfinished_job_and_an_unknown_one_are_refused_and_nothing_is_recorded()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        var recorded = await service.RecordedAsync();
        foreach (var (id, why) in new[] { (ForgettingSteps.Id(job), "has not ended"), (JobId.FromRandomness(new byte[32]), "there is no such job") })
        {
            var (forgotten, rejection) = await service.Forgetting().ForgetAsync(id, "test", null, CancellationToken.None);
            Assert.Null(forgotten);
            Assert.Contains(why, rejection!.Message, StringComparison.Ordinal);
        }
        Assert.Equal(recorded, await service.RecordedAsync());
        await service.RunSlicesAsync();
        Assert.Equal("completed", (await service.StatusAsync(job)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_forgotten_jobs_idempotency_key_does_not_begin_a_second_job()
    {
        await using var service = await TestService.StartAsync();
        var body = new { conversationIds = new[] { "theirs-1" } };
        using var first = await service.SendAsync(HttpMethod.Post, service.Deletions, body, idempotencyKey: "k");
        var job = JsonDocument.Parse(await first.Content.ReadAsStringAsync()).RootElement.GetProperty("jobId").GetString()!;
        await service.RunSlicesAsync();
        await service.ForgetAsync(job);
        using var second = await service.SendAsync(HttpMethod.Post, service.Deletions, body, idempotencyKey: "k");
        Assert.Equal(422, (int)second.StatusCode);
        Assert.Equal(1, await service.ScalarAsync<long>("select count(*) from ledger.job_list"));
    }

    [Fact]
    public async Task Jobs_that_ended_longer_ago_than_their_bot_keeps_keys_are_forgotten_by_themselves()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { OwnClock = true });
        var keeps = await service.AddBotAsync();
        var change = new ChangeBot(service.Bot, null, null, null, null, "test", null, KeyRetentionDays: 30);
        Assert.Null(await service.Registry.ExecuteAsync(service.Bot, change, CancellationToken.None));
        var old = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        var others = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } }, keeps);
        await service.RunSlicesAsync();
        await service.Clock.AdvanceAsync(TimeSpan.FromDays(29));
        var recent = await service.SubmitAsync(new { conversationIds = new[] { "theirs-2" } });
        await service.RunSlicesAsync();
        var retention = service.Services.GetRequiredService<KeyRetention>();
        await retention.RunOnceAsync(CancellationToken.None);
        Assert.Empty(await DestroyedAsync(service));

        await service.Clock.AdvanceAsync(TimeSpan.FromDays(2));
        var waiting = await service.SubmitAsync(new { conversationIds = new[] { "theirs-3" } });
        await retention.RunOnceAsync(CancellationToken.None);
        await retention.RunOnceAsync(CancellationToken.None);
        Assert.Equal([new JobKeyDestroyed(service.Bot, old) { Actor = "ledger", Reason = "retention" }], await DestroyedAsync(service));
        Assert.Equal(
            new[] { others, recent, waiting }.Select(job => ForgettingSteps.Id(job).Value).Order(),
            (await service.ScalarAsync<Guid[]>("select array_agg(job_id) from ledger.job_secrets")).Order());
    }

    private static async Task<JsonElement[]> OutcomesAsync(TestService service, string job)
    {
        using var response = await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/outcomes?limit=1");
        return [.. JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("outcomes").EnumerateArray()];
    }

    private static async Task<IReadOnlyList<JobKeyDestroyed>> DestroyedAsync(TestService service)
    {
        await using var connection = await service.Source.OpenConnectionAsync();
        var events = new List<JobKeyDestroyed>();
        await foreach (var recorded in EventStreams.ReadAsync(connection, StreamIds.Bot(service.Bot)))
        {
            if (recorded.Event is JobKeyDestroyed destroyed)
                events.Add(destroyed);
        }
        return events;
    }
}
