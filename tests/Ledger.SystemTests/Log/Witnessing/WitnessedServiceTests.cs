using System.Net;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Log;
using Ledger.SystemTests.Proofs;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Log.Witnessing;

/// <summary>The whole service with a quorum of two of three real witnesses.</summary>
public sealed class WitnessedServiceTests
{
    [SkippableFact]
    public async Task Below_the_quorum_nothing_is_deleted_and_health_says_why_and_with_it_proofs_carry_its_cosignatures()
    {
        var witnesses = new List<TestWitness>();
        await using var service = await TestService.StartAsync(
            new TestServiceOptions { Witnesses = log => TwoOfThreeAsync(log, witnesses) });
        try
        {
            await service.AddConversationsAsync("a", 3, "user-1");
            await witnesses[0].StopAsync();
            await witnesses[1].StopAsync();
            var job = await service.SubmitAsync(new { cId = "user-1" });
            for (var round = 0; round < 4; round++)
            {
                Assert.Contains("b cannot be reached", (await PassAsync(service)).Problem, StringComparison.Ordinal);
                await service.Services.RunSliceAsync("test");
            }
            Assert.True(await service.ScalarAsync<bool>("select exists (select from ledger.mt_events where type = 'started')"));
            Assert.Equal(3, await service.CountConversationsAsync());
            using (var health = await service.Client.GetAsync("/health/ready"))
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
                Assert.Contains("quorum", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }

            await witnesses[0].StartAsync();
            await service.RunSlicesAsync();
            Assert.Equal(0, await service.CountConversationsAsync());
            Assert.Equal(HttpStatusCode.OK, (await service.Client.GetAsync("/health/ready")).StatusCode);
            foreach (var proof in new[] { await service.JobProofAsync(job), await service.ConversationProofAsync(job, "a-00002") })
            {
                var report = await CheckAsync(service, proof, witnesses[0], witnesses[2]);
                Assert.Equal(
                    new[] { witnesses[0], witnesses[2] }.Select(witness => witness.Key.Verifier.Name),
                    report.Log.Witnesses.Select(witness => witness.Name));
                await Assert.ThrowsAsync<InvalidProofException>(() => CheckAsync(service, proof, witnesses[1]));
            }
        }
        finally
        {
            foreach (var witness in witnesses)
                await witness.DisposeAsync();
        }
    }

    private static async Task<Policy> TwoOfThreeAsync(NoteVerifier log, List<TestWitness> witnesses)
    {
        var policy = new StringBuilder($"log {log}\n");
        foreach (var name in new[] { "a", "b", "c" })
        {
            witnesses.Add(await TestWitness.StartAsync(log));
            policy.Append($"witness {name} {witnesses[^1].Key.Verifier} {witnesses[^1].Address}\n");
        }
        return Policy.Parse(Encoding.UTF8.GetBytes(policy.Append("group two-of-three 2 a b c\nquorum two-of-three\n").ToString()));
    }

    private static async Task<LogPass> PassAsync(TestService service)
    {
        var pass = await service.Services.GetRequiredService<LogWriter>().RunOnceAsync(CancellationToken.None);
        Assert.NotNull(pass.Problem);
        return pass;
    }

    private static async Task<ErasureReport> CheckAsync(TestService service, byte[] proof, params TestWitness[] cosigners)
    {
        using var stream = new MemoryStream(proof);
        return await Verification.CheckAsync(stream, new Trust(service.LogKey(), [.. cosigners.Select(witness => witness.Key.Verifier)]));
    }
}
