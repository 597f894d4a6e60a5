using System.Net;
using Ledger.Registry;
using Ledger.SystemTests.Execution;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Ledger.SystemTests.Windows;

public sealed class EveryZoneServiceTests
{
    private const int AtOnce = 8;

    /// <summary>When Europe's clocks change in 2027, and what the clocks are set to before, at and after it.</summary>
    private static readonly DateTimeOffset s_change = Steps.At("2027-03-28T01:00:00Z");
    private static readonly int[] s_secondsAround = [-7200, -1860, -1, 0, 1, 3660];

    [SkippableFact]
    public async Task A_service_with_a_window_in_every_zone_answers_throughout_a_change_of_clocks()
    {
        await using var service = await TestService.StartAsync(new TestServiceOptions { Lanes = true, OwnClock = true });
        await service.Clock.SetAsync(s_change.AddSeconds(s_secondsAround[0]));
        await RegisterAsync(service);
        var ids = DateTimeZoneProviders.Tzdb.Ids;
        var changing = ids.Where(Changes).ToHashSet(StringComparer.Ordinal);
        Assert.Contains("Europe/Dublin", changing);

        for (var i = 0; i < s_secondsAround.Length; i++)
        {
            await service.Clock.SetAsync(s_change.AddSeconds(s_secondsAround[i]));
            // Those whose clocks change now each time, and the others by turns.
            var asked = ids.Where((id, number) => changing.Contains(id) || number % s_secondsAround.Length == i);
            await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (id, cancel) =>
            {
                var path = $"/api/public/bot/{Uri.EscapeDataString(Bot(id))}/conversations/delete";
                using var answer = await service.SendAsync(HttpMethod.Post, path, new { cId = "nobody" });
                Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"{id}: {await answer.Content.ReadAsStringAsync(cancel)}");
            });
            // Not at once: the clock leaps, and to the node the log's last events are as old as the leap is long until they are signed.
            await Steps.UntilAsync("the node is not ready", async () =>
            {
                using var ready = await service.Client.GetAsync("/health/ready");
                return ready.IsSuccessStatusCode;
            });
        }

        // In Dublin 01:30 is skipped, and the window opens at the end of the gap; on the next day it opens at 01:30 of summer time.
        Assert.Equal(
            "2027-03-28T01:00:00.000Z, 2027-03-29T00:30:00.000Z",
            await service.ScalarAsync<string>(
                """
                select string_agg(distinct e.data -> 'window' ->> 'opens', ', ')
                from ledger.mt_events e join ledger.mt_doc_job l on l.id = e.stream_id
                where l.bot = $1 and e.type = 'scheduled'
                """,
                Bot("Europe/Dublin")));
    }

    private static string Bot(string zone) => $"st-{zone}";

    private static bool Changes(string id)
    {
        var (zone, change) = (DateTimeZoneProviders.Tzdb[id], Instant.FromDateTimeOffset(s_change));
        return zone.GetUtcOffset(change) != zone.GetUtcOffset(change - Duration.Epsilon);
    }

    /// <summary>A window and a bot for each zone, copied in one statement: a thousand commands would take their time.</summary>
    private static async Task RegisterAsync(TestService service)
    {
        await service.ExecuteAsync(
            """
            with zones as (select zone, row_number() over () as number from unnest($1::text[]) zone),
            windows as (
                insert into ledger.mt_doc_deletionwindow (id, data, mt_version)
                select md5('window' || zone)::uuid,
                    jsonb_build_object(
                        'name', 'w' || number, 'cron', '0 30 1 * * ?', 'timeZone', zone, 'lengthSeconds', 3600, 'lanes', 1), 1
                from zones returning 1)
            insert into ledger.mt_doc_bot (id, data, mt_version)
            select md5('bot' || zone)::uuid, b.data || jsonb_build_object('botId', 'st-' || zone, 'window', 'w' || number), 1
            from zones, ledger.mt_doc_bot b where b.data ->> 'botId' = $2
            """,
            DateTimeZoneProviders.Tzdb.Ids.ToArray(), service.Bot);
        await service.Services.GetRequiredService<RegistryCache>().ReadSinceAsync(service.Time.GetTimestamp(), CancellationToken.None);
    }
}
