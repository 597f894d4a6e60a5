using System.Text.Json;
using Ledger.Contracts;

namespace Ledger.SystemTests.Cli;

/// <summary>A deletion by cId without dates begins at the bot's creation, so a wrong one must not get in.</summary>
public sealed class BotCreationTests
{
    [Fact]
    public async Task A_bot_is_created_neither_in_the_future_nor_after_its_first_conversation()
    {
        await using var cli = await CliDatabase.CreateAsync();
        foreach (var future in new[] { "2130-01-01", Instant.Text(TimeProvider.System.GetUtcNow().AddHours(1)) })
            Told("must not be in the future", await cli.RefusedAsync(1, "bot", "add", "st-1", "--created", future));
        Assert.DoesNotContain("st-1", await cli.DoAsync("bot", "list"), StringComparison.Ordinal);

        await cli.DoAsync("bot", "add", "st-1", "--created", "2020-01-01");
        await cli.DoAsync("import", await cli.FileAsync(
            $"{Line("c-1", "2024-05-04T08:00:00.123Z")}\n{Line("c-2", "2024-05-05T08:00:00Z")}"));
        Told("must not be in the future", await cli.RefusedAsync(1, "bot", "set", "st-1", "--created", "2130-01-01"));
        var late = await cli.RefusedAsync(1, "bot", "set", "st-1", "--created", "2024-05-04T08:00:00.124Z");
        Told("must not be after its first conversation, which started at 2024-05-04T08:00:00.123Z", late);
        await cli.DoAsync("bot", "set", "st-1", "--created", "2024-05-04T08:00:00.123Z");
        Assert.Contains("2024-05-04T08:00:00.123Z", await cli.DoAsync("bot", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bot_whose_conversations_are_there_before_it_is_registered_is_not_created_now()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.ExecuteAsync(
            """
            insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
            values ('st-1', 'c', 'u', 'rtm', '2024-05-04')
            """);
        Told("first conversation, which started at 2024-05-04T00:00:00.000Z", await cli.RefusedAsync(1, "bot", "add", "st-1"));
        await cli.DoAsync("bot", "add", "st-1", "--created", "2024-05-04");
        await cli.DoAsync("bot", "add", "st-2");
    }

    [Fact]
    public async Task A_conversation_that_starts_after_today_stops_the_import()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1", "--created", "2020-01-01");
        var now = TimeProvider.System.GetUtcNow();
        var file = await cli.FileAsync($"{Line("c-1", Instant.Text(now))}\n{Line("c-2", Instant.Text(now.AddDays(2)))}");
        Told("line 2: the conversation starts after today (UTC)", await cli.RefusedAsync(1, "import", file));
        Assert.Equal(0, await cli.ScalarAsync<long>("select count(*) from conversations.conversations"));
    }

    private static void Told(string what, string error) => Assert.Contains(what, error, StringComparison.Ordinal);

    private static string Line(string id, string startedAt) => JsonSerializer.Serialize(
        new { botId = "st-1", conversationId = id, cId = "u-1", channel = "rtm", startedAt, messages = Array.Empty<object>() });
}
