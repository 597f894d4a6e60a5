using System.Text.Json;
using Ledger.Contracts.Registry;
using Ledger.Forgetting;
using Ledger.Holds;
using Ledger.Keys.Rotation;
using Microsoft.Extensions.DependencyInjection;

namespace Ledger.SystemTests.Forgetting;

/// <summary>A legal hold's key outlives rotations, and dies with the hold (docs/adr/0050).</summary>
public sealed class HoldKeyTests
{
    [SkippableFact]
    public async Task A_rotation_keeps_a_live_holds_key_and_lifting_destroys_it_so_that_a_rotation_blinds_a_backup()
    {
        await using var service = await TestService.StartAsync();
        var holds = $"/api/public/bot/{service.Bot}/legal-holds";
        await service.AddConversationsAsync("a", 2, "user-1");
        using var placed = await service.SendAsync(HttpMethod.Post, holds, new { cId = "user-1", reason = "case 7" });
        var hold = Json(placed).GetProperty("holdId").GetString()!;
        await RotateAsync(service);

        // Another node would open it too: it is under the new epoch, and the job skips.
        using var shown = await service.SendAsync(HttpMethod.Get, $"{holds}/{hold}");
        Assert.Equal("user-1", Json(shown).GetProperty("cId").GetString());
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal(2, (await service.StatusAsync(job)).GetProperty("result").GetProperty("skipped").GetProperty("legal_hold").GetInt32());

        // The backup: the row as it is now.
        Assert.True(HoldId.TryParse(hold, out var id));
        var epoch = await service.ScalarAsync<int>("select epoch from ledger.job_secrets where job_id = $1", id.Value);
        var wrapped = await service.ScalarAsync<byte[]>("select wrapped_key from ledger.job_secrets where job_id = $1", id.Value);
        var lift = new LiftHold("ada", "settled");
        var ending = service.Services.GetRequiredService<HoldEnding>();
        Assert.IsType<EndingResult.Ended>(await ending.EndAsync(service.Bot, id, lift, CancellationToken.None));
        Assert.Equal(0, await service.ScalarAsync<long>("select count(*) from ledger.job_secrets where job_id = $1", id.Value));
        Assert.NotNull(service.Keys.OpenJobKey(HoldSecrets.Of(id), epoch, wrapped));

        await RotateAsync(service);
        service.Keys.Reload();
        Assert.Null(service.Keys.OpenJobKey(HoldSecrets.Of(id), epoch, wrapped));
    }

    [SkippableFact]
    public async Task A_hold_whose_key_is_gone_keeps_the_bots_jobs_waiting_and_nothing_is_deleted()
    {
        await using var service = await TestService.StartAsync();
        await service.AddConversationsAsync("a", 2, "user-1");
        using var placed = await service.SendAsync(
            HttpMethod.Post, $"/api/public/bot/{service.Bot}/legal-holds", new { cId = "user-2", reason = "case 7" });
        Assert.Equal(201, (int)placed.StatusCode);
        await service.ExecuteAsync("delete from ledger.job_secrets where job_id in (select id from ledger.mt_doc_legalhold)");
        var job = await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        Assert.Equal("queued", (await service.StatusAsync(job)).GetProperty("status").GetString());
        Assert.Equal(2, await service.CountConversationsAsync());
    }

    private static async Task RotateAsync(TestService service) => Assert.IsType<RotationResult.Rotated>(
        await service.Services.GetRequiredService<KeyRotation>().RunOnceAsync(RotateWhen.Now, "test", null, CancellationToken.None));

    private static JsonElement Json(HttpResponseMessage response) =>
        JsonDocument.Parse(response.Content.ReadAsStringAsync().GetAwaiter().GetResult()).RootElement;
}
