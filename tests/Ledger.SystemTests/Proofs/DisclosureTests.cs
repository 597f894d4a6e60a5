using System.Net;

namespace Ledger.SystemTests.Proofs;

/// <summary>That identifiers of a job are handed out is recorded in its bot's stream.</summary>
public sealed class DisclosureTests(SharedService shared) : IClassFixture<SharedService>
{
    private const int Readers = 50;

    /// <summary>Each waits for the bot's stream, and none is told that another was first.</summary>
    [SkippableFact]
    public async Task Fifty_first_reads_at_once_of_one_bots_jobs_are_all_answered_and_recorded()
    {
        await using var service = await shared.WithOwnBotAsync();
        var jobs = new List<string>();
        for (var n = 0; n < Readers; n++)
            jobs.Add(await service.SubmitAsync(new { conversationIds = new[] { $"nobody-{n}" } }));
        await service.RunSlicesAsync();
        var answers = await Task.WhenAll(jobs.Select(async job =>
        {
            using var answer = await service.SendAsync(HttpMethod.Get, $"{service.Deletions}/{job}/outcomes");
            return (answer.StatusCode, Text: await answer.Content.ReadAsStringAsync());
        }));
        Assert.All(answers, answer => Assert.True(answer.StatusCode == HttpStatusCode.OK, answer.Text));
        Assert.Equal(
            Readers,
            await service.ScalarAsync<long>(
                "select count(*) from ledger.mt_events where stream_id = $1 and type = 'identifiers_disclosed'",
                Ledger.Projections.StreamIds.Bot(service.Bot)));
    }
}
