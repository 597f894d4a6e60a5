using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace Ledger.SystemTests.Execution;

/// <summary>A preview tells what the job then does, and gives up rather than hold up others.</summary>
public sealed class PreviewTests
{
    private const int Bots = 25;
    private const int Rounds = 40;

    /// <summary>A thousand random requests, one for each bot a round. Nothing changes the store between a preview and its job.</summary>
    [SkippableFact]
    public async Task A_preview_and_its_job_have_the_same_counts()
    {
        await using var service = await TestService.StartAsync();
        var draw = new Draw(seed: 52);
        var bots = new List<string>();
        for (var i = 0; i < Bots; i++)
            bots.Add(await service.AddBotAsync($"st-preview-{i}", retentionDays: i % 3 == 0 ? null : 100 * (i % 3)));
        var occurred = new Dictionary<string, long>();
        for (var round = 0; round < Rounds; round++)
        {
            await FillAsync(service, bots, draw);
            var before = await service.RecordedAsync();
            var bodies = bots.ConvertAll(bot => Request(bots, bot, draw));
            var previews = await Task.WhenAll(bots.Zip(bodies, (bot, body) => PreviewAsync(service, bot, body)));
            Assert.Equal(before, await service.RecordedAsync());
            var jobs = await Task.WhenAll(bots.Zip(bodies, (bot, body) => service.SubmitAsync(body, bot)));
            await service.RunSlicesAsync();
            var statuses = await Task.WhenAll(bots.Zip(jobs, (bot, job) => service.StatusAsync(job, bot)));
            for (var i = 0; i < Bots; i++)
            {
                var request = $"{bots[i]} {JsonSerializer.Serialize(bodies[i])}";
                Assert.Equal(
                    $"{request}: {Counts(previews[i], "deletableCount")}",
                    $"{request}: {Counts(statuses[i].GetProperty("result"), "deletedCount")}");
                foreach (var (name, count) in Numbers(previews[i]))
                    occurred[name] = occurred.GetValueOrDefault(name) + count;
            }
        }
        // The requests were such that they could differ.
        Assert.All(
            ["deletableCount", "retention", "not_found", "already_erased"],
            name => Assert.InRange(occurred.GetValueOrDefault(name), 100, long.MaxValue));
    }

    [SkippableFact]
    public async Task A_list_of_several_parts_is_counted_whole()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("many", 2500, "u-many", perKind: 0);
        Assert.Equal(2500, (await PreviewAsync(service, service.Bot, new { cId = "u-many" })).GetProperty("deletableCount").GetInt64());
    }

    [SkippableFact]
    public async Task A_preview_that_takes_too_long_is_503_which_says_so()
    {
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Execution = new() { LongestPreview = TimeSpan.FromSeconds(2) } });
        await using (await LockStoreAsync(service))
        {
            await GivenUpAsync(service); // by the node
            Assert.Equal(0, await WaitingAsync(service));
            await SetTimeoutAsync(service, "set statement_timeout = ''500ms''");
            await GivenUpAsync(service); // by the server
            await SetTimeoutAsync(service, "reset statement_timeout");
        }
        await Steps.UntilAsync("no preview is answered", async () =>
        {
            using var answer = await service.SendAsync(HttpMethod.Post, $"{service.Deletions}/preview", new { cId = "u" });
            return answer.StatusCode == HttpStatusCode.OK;
        });
    }

    private static async Task SetTimeoutAsync(TestService service, string setting)
    {
        await service.ExecuteAsync(
            $"""
            do $$ begin execute format('alter role ledger_service in database %I {setting}', current_database()); end $$
            """);
        service.ClearPools();
    }

    private static async Task GivenUpAsync(TestService service)
    {
        var before = await service.RecordedAsync();
        using var answer = await service.SendAsync(HttpMethod.Post, $"{service.Deletions}/preview", new { cId = "u" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("the preview took too long", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await service.RecordedAsync());
    }

    /// <summary>Number of statements of the service that wait for a lock.</summary>
    private static Task<long> WaitingAsync(TestService service) => service.ScalarAsync<long>(
        """
        select count(*) from pg_stat_activity
        where datname = current_database() and usename = 'ledger_service' and wait_event_type = 'Lock'
        """);

    private static async Task<IAsyncDisposable> LockStoreAsync(TestService service)
    {
        var connection = new NpgsqlConnection(service.Database.Superuser);
        await connection.OpenAsync();
        await using var hold = new NpgsqlCommand("begin; lock table conversations.conversations in access exclusive mode", connection);
        await hold.ExecuteNonQueryAsync();
        return connection;
    }

    private static async Task<JsonElement> PreviewAsync(TestService service, string bot, object body)
    {
        using var answer = await service.SendAsync(HttpMethod.Post, $"/api/public/bot/{bot}/conversations/delete/preview", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("result");
    }

    private static string Counts(JsonElement result, string deleted) =>
        $"{result.GetProperty("totalConversations")} identified, {result.GetProperty(deleted)} deleted, "
        + $"{result.GetProperty("skippedCount")} skipped: "
        + string.Join(", ", result.GetProperty("skipped").EnumerateObject().Select(reason => $"{reason.Name} {reason.Value}").Order());

    private static IEnumerable<(string Name, long Count)> Numbers(JsonElement result) =>
        result.EnumerateObject().Concat(result.GetProperty("skipped").EnumerateObject())
            .Where(member => member.Value.ValueKind == JsonValueKind.Number)
            .Select(member => (member.Name, member.Value.GetInt64()));

    /// <summary>Stores some conversations of each bot, among them some that were erased before.</summary>
    private static async Task FillAsync(TestService service, List<string> bots, Draw draw)
    {
        // Half a day away from the end of any retention period.
        var today = TimeProvider.System.GetUtcNow().AddHours(-12);
        var (owners, ids, users, starts, created) = (new List<string>(), new List<string>(), new List<string>(), new List<DateTime>(),
            new List<DateTime?>());
        foreach (var bot in bots)
        {
            for (var i = 0; i < 8; i++)
            {
                var number = draw.Next(24);
                owners.Add(bot);
                ids.Add($"{bot}-{number}");
                users.Add($"u-{number % 4}");
                starts.Add(Whole(today.AddDays(-draw.Next(400))));
                created.Add(draw.Next(3) == 0 ? Whole(today.AddDays(-draw.Next(400))) : null);
            }
        }
        await service.ExecuteAsync(
            """
            with given as (select * from unnest($1, $2, $3, $4, $5) g (bot_id, conversation_id, cid, started_at, created_at)),
            users as (
                insert into conversations.channel_users (bot_id, cid, created_at)
                select distinct on (bot_id, cid) bot_id, cid, created_at from given where created_at is not null
                on conflict do nothing)
            insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
            select distinct on (bot_id, conversation_id) bot_id, conversation_id, cid, 'rtm', started_at from given
            on conflict do nothing
            """,
            owners.ToArray(), ids.ToArray(), users.ToArray(), starts.ToArray(), created.ToArray());
    }

    private static DateTime Whole(DateTimeOffset at) => DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds()).UtcDateTime;

    private static Dictionary<string, object> Request(List<string> bots, string bot, Draw draw)
    {
        var request = new Dictionary<string, object>();
        if (draw.Next(2) == 0)
        {
            request["conversationIds"] = Enumerable.Range(0, 1 + draw.Next(8)).Select(_ => draw.Next(6) switch
            {
                0 => $"{bots[draw.Next(Bots)]}-{draw.Next(24)}", // mostly another bot's
                1 => $"never-{draw.Next(3)}",
                _ => $"{bot}-{draw.Next(24)}",
            }).ToArray();
            return request;
        }
        request["cId"] = $"u-{draw.Next(5)}"; // the last has nothing
        var days = new[] { draw.Next(400), draw.Next(400) };
        if (draw.Next(2) == 0)
            request["startDate"] = Day(days.Max());
        if (draw.Next(2) == 0)
            request["endDate"] = Day(days.Min());
        return request;
    }

    private static string Day(int ago) =>
        TimeProvider.System.GetUtcNow().AddDays(-ago).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Numbers that look random, and are the same in each run.</summary>
    private sealed class Draw(int seed)
    {
        private int _drawn;

        public int Next(int below)
        {
            Span<byte> input = stackalloc byte[8];
            BinaryPrimitives.WriteInt32BigEndian(input, seed);
            BinaryPrimitives.WriteInt32BigEndian(input[4..], _drawn++);
            return (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(input)) % (uint)below);
        }
    }
}
