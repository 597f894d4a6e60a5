using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Forgetting;
using Ledger.Projections;
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
        Assert.Equal(
            (JsonValueKind.Null, "deleted"), (outcome.GetProperty("conversationId").ValueKind, outcome.GetProperty("outcome").GetString()));
        Assert.Equal(
            0,
            await service.ScalarAsync<long>(
                "select (select count(*) from ledger.job_secrets) + (select count(sealed) from ledger.job_manifest)")
        );

        var again = await service.ForgetAsync(job);
        Assert.Equal((null, 0), (again.At, again.ManifestRows));
        Assert.Equal([new JobKeyDestroyed(service.Bot, job) { Actor = "test", Reason = "asked for" }], await DestroyedAsync(service));
        Assert.Equal(1, await service.ScalarAsync<long>("select forgotten from ledger.key_epochs"));
        Assert.True(
            await service.ScalarAsync<bool>("select s.version = d.mt_version from ledger.mt_streams s join ledger.mt_doc_bot d using (id)")
        );
    }

    [Fact]
    public async Task Of_several_that_forget_a_job_at_once_one_records_it()
    {
        await using var service = await TestService.StartAsync();
        var jobs = new List<string>();
        for (var i = 0; i < 4; i++)
            jobs.Add(await service.SubmitAsync(new { conversationIds = new[] { $"theirs-{i}" } }));
        await service.RunSlicesAsync();
        var forgotten = await Task.WhenAll(
            jobs.SelectMany(job => Enumerable.Range(0, 4).Select(_ => Task.Run(() => service.ForgetAsync(job)))));
        Assert.Equal(4, forgotten.Count(job => job.At is not null));
        Assert.Equal(
            jobs.Order(StringComparer.Ordinal), (await DestroyedAsync(service)).Select(@event => @event.Job).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_unfinished_job_and_an_unknown_one_are_refused_and_nothing_is_recorded()
    {
        await using var service = await TestService.StartAsync();
        var job = await service.SubmitAsync(new { conversationIds = new[] { "theirs-1" } });
        var recorded = await service.RecordedAsync();
        foreach (
            var (id, why) in new[]
            {
                (ForgettingSteps.Id(job), "has not ended"), (JobId.FromRandomness(new byte[32]), "there is no such job"),
            }
        )
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
    public async Task A_forgotten_jobs_idempotency_key_is_a_conflict_that_says_so_and_begins_no_second_job()
    {
        await using var service = await TestService.StartAsync();
        var (same, other) = (new { conversationIds = new[] { "theirs-1" } }, new { conversationIds = new[] { "theirs-2" } });
        var job = await SubmitAsync(service, same, 202);
        await service.RunSlicesAsync();
        await SubmitAsync(service, same, 202);
        await SubmitAsync(service, other, 422);
        await service.ForgetAsync(JsonDocument.Parse(job).RootElement.GetProperty("jobId").GetString()!);
        var recorded = await service.RecordedAsync();
        foreach (var body in new[] { same, other })
        {
            var refused = await SubmitAsync(service, body, 409);
            Assert.Contains("was forgotten", refused, StringComparison.Ordinal);
            Assert.Contains("can no longer be compared", refused, StringComparison.Ordinal);
            Assert.Contains("\"code\":409", refused, StringComparison.Ordinal);
        }
        Assert.Equal(recorded, await service.RecordedAsync());
        await service.RotateAsync();
        await SubmitAsync(service, same, 409);
    }

    [Fact]
    public async Task A_key_whose_job_a_restored_backup_holds_is_forgotten_and_one_that_this_nodes_folder_lacks_is_an_outage()
    {
        await using var service = await TestService.StartAsync();
        var body = new { conversationIds = new[] { "theirs-1" } };
        var job = JsonDocument.Parse(await SubmitAsync(service, body, 202)).RootElement.GetProperty("jobId").GetString()!;
        await service.RunSlicesAsync();
        await service.ExecuteAsync("create table public.kept as select * from ledger.job_secrets");
        await service.ForgetAsync(job);
        await service.RotateAsync();
        // As in a database of before: the row is back, under an epoch whose key is destroyed.
        await service.ExecuteAsync(
            """
            alter table ledger.job_secrets disable trigger all;
            insert into ledger.job_secrets select * from public.kept;
            alter table ledger.job_secrets enable trigger all
            """);
        Assert.Contains("was forgotten", await SubmitAsync(service, body, 409), StringComparison.Ordinal);

        foreach (var file in Directory.EnumerateFiles(service.KeyDirectory, "survivors-*"))
            File.Delete(file);
        Assert.Contains("lacks a key", await SubmitAsync(service, body, 503), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_repeats_a_key_while_its_job_is_forgotten_gets_the_job_or_the_conflict_and_never_another()
    {
        await using var service = await TestService.StartAsync();
        var body = new { conversationIds = new[] { "theirs-1" } };
        var job = JsonDocument.Parse(await SubmitAsync(service, body, 202)).RootElement.GetProperty("jobId").GetString()!;
        await service.RunSlicesAsync();
        var forget = Task.Run(() => service.ForgetAsync(job));
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => SubmitAsync(service, body, 202, 409))));
        await forget;
        Assert.All(answers, answer => Assert.Matches($"{job}|was forgotten", answer));
        await SubmitAsync(service, body, 409);
        Assert.Equal(1, await service.ScalarAsync<long>("select count(*) from ledger.mt_doc_job"));
    }

    /// <summary>Submits under the one key, and returns the answer's body.</summary>
    private static async Task<string> SubmitAsync(TestService service, object body, params int[] expected)
    {
        using var answer = await service.SendAsync(HttpMethod.Post, service.Deletions, body, idempotencyKey: "k");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(expected.Contains((int)answer.StatusCode), $"{(int)answer.StatusCode}: {text}");
        return text;
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
