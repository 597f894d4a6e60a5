using System.Globalization;
using Ledger.Contracts;

namespace Ledger.SystemTests.Execution;

/// <summary>
/// A job by cId without dates erases all that the store holds of the channel user when the job starts, whatever was recorded of creations.
/// </summary>
public sealed class DefaultRangeTests(SharedService shared) : IClassFixture<SharedService>
{
    private static readonly string[] s_all = ["2019-06-01T00:00:00Z", "2020-01-01T00:00:00Z", "2025-03-30T01:30:00.001Z"];

    [SkippableTheory]
    [InlineData("no row", null)]
    [InlineData("before all", "2018-01-01T00:00:00Z")]
    [InlineData("before the bot's creation", "2019-01-01T00:00:00Z")]
    [InlineData("after the first", "2020-06-01T00:00:00Z")]
    [InlineData("after all", "2130-01-01T00:00:00Z")]
    public async Task Nothing_is_missed_whenever_the_channel_user_and_the_bot_are_said_to_be_created(string name, string? userCreatedAt)
    {
        await using var service = await shared.WithOwnBotAsync();
        await AddAsync(service, name, s_all);
        if (userCreatedAt is not null)
            await UserCreatedAsync(service, name, userCreatedAt);
        var job = await service.SubmitAsync(new { cId = name });
        await service.RunSlicesAsync();
        Assert.Equal("completed done 3 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from conversations.conversations where cid = $1", name));
        Assert.True(await FromAsync(service, job) <= At(s_all[0]), "the record does not begin at or before the first conversation");
    }

    [SkippableFact]
    public async Task A_default_start_is_the_later_creation_where_nothing_is_older()
    {
        await using var service = await shared.WithOwnBotAsync();
        await AddAsync(service, "young", ["2025-03-30T01:30:00Z"]);
        await UserCreatedAsync(service, "young", "2025-03-01T00:00:00Z");
        var job = await service.SubmitAsync(new { cId = "young" });
        await service.RunSlicesAsync();
        Assert.Equal("2025-03-01T00:00:00.000Z", Instant.Text(await FromAsync(service, job)));
    }

    [SkippableFact]
    public async Task A_start_that_was_sent_is_kept_and_both_ends_are_inclusive()
    {
        await using var service = await shared.WithOwnBotAsync();
        await AddAsync(
            service, "dated", ["2025-03-29T23:59:59.999Z", "2025-03-30T00:00:00Z", "2025-03-30T23:59:59.999Z", "2025-03-31T00:00:00Z"]);
        var job = await service.SubmitAsync(new { cId = "dated", startDate = "2025-03-30", endDate = "2025-03-30" });
        await service.RunSlicesAsync();
        Assert.Equal("completed done 2 deleted 0 failed 0 skipped 3 retries", await service.CountsAsync(job));
        Assert.Equal("2025-03-30T00:00:00.000Z", Instant.Text(await FromAsync(service, job)));
    }

    private static DateTimeOffset At(string instant) => DateTimeOffset.Parse(instant, CultureInfo.InvariantCulture);

    private static Task AddAsync(TestService service, string cId, string[] startedAt) => service.ExecuteAsync(
        """
        insert into conversations.conversations (bot_id, conversation_id, cid, channel, started_at)
        select $1, $2 || '-' || at, $2, 'rtm', at::timestamptz from unnest($3) at
        """,
        service.Bot, cId, startedAt);

    private static Task UserCreatedAsync(TestService service, string cId, string at) => service.ExecuteAsync(
        "insert into conversations.channel_users (bot_id, cid, created_at) values ($1, $2, $3)", service.Bot, cId, At(at).UtcDateTime);

    private static async Task<DateTimeOffset> FromAsync(TestService service, string job) => At(await service.ScalarAsync<string>(
        "select data ->> 'from' from ledger.mt_events where stream_id = $1 and type = 'started'",
        Forgetting.ForgettingSteps.Id(job).Value));
}
