using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Registry;

namespace Ledger.SystemTests.Log;

/// <summary><c>/log/…</c> as a monitor and an auditor see it.</summary>
public sealed class LogOverHttpTests
{
    [SkippableFact]
    public async Task Checkpoint_tiles_and_entries_agree_and_are_cached_as_tlog_tiles_says()
    {
        await using var service = await LoggedAsync();
        using var answer = await service.Client.GetAsync("/log/checkpoint");
        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var checkpoint = Checkpoint.Open(
            SignedNote.Parse(await answer.Content.ReadAsByteArrayAsync()), LogKeyFile.Read(service.KeyDirectory).Verifier);
        var size = (int)checkpoint.Size;
        Assert.True(size > 300, $"{size} leaves");

        var entries = TileId
            .ReadBundle(await BytesAsync(service, "/log/tile/entries/000", "private"))
            .Concat(TileId.ReadBundle(await BytesAsync(service, $"/log/tile/entries/001.p/{size - 256}", "private")))
            .ToList();
        var leaves = entries.ConvertAll(entry => MerkleTree.LeafHash(entry.Span));
        Assert.Equal(size, leaves.Count);
        Assert.All(entries, entry => LeafEntry.Parse(entry));
        Assert.Equal(LogLedger.Mth(leaves, 0, size), checkpoint.Root);
        Assert.Equal(leaves.Take(256).SelectMany(hash => hash), await BytesAsync(service, "/log/tile/0/000", "public"));
        Assert.Equal(leaves.Skip(256).SelectMany(hash => hash), await BytesAsync(service, $"/log/tile/0/001.p/{size - 256}", "public"));
        Assert.Equal(leaves.Skip(256).Take(5).SelectMany(hash => hash), await BytesAsync(service, "/log/tile/0/001.p/5", "public"));
        Assert.Equal(leaves.Take(255).SelectMany(hash => hash), await BytesAsync(service, "/log/tile/0/000.p/255", "public"));
        Assert.Equal(LogLedger.Mth(leaves, 0, 256), await BytesAsync(service, "/log/tile/1/000.p/1", "public"));

        using var again = new HttpRequestMessage(HttpMethod.Get, "/log/checkpoint")
        {
            Headers = { IfNoneMatch = { answer.Headers.ETag! } },
        };
        Assert.Equal(HttpStatusCode.NotModified, (await service.Client.SendAsync(again)).StatusCode);
        Assert.True(answer.Headers.CacheControl is { Public: true, MaxAge.TotalSeconds: < 5 });
        await service.SubmitAsync(new { cId = "user-1" });
        await service.WriteLogAsync();
        await Execution.Steps.UntilAsync(
            "the old checkpoint is still served",
            async () =>
            {
                using var later = new HttpRequestMessage(HttpMethod.Get, "/log/checkpoint")
                {
                    Headers = { IfNoneMatch = { answer.Headers.ETag! } },
                };
                return (await service.Client.SendAsync(later)).StatusCode == HttpStatusCode.OK;
            }
        );
    }

    [SkippableFact]
    public async Task What_the_published_checkpoint_does_not_imply_is_404_however_it_is_spelled()
    {
        await using var service = await LoggedAsync();
        var size = await service.ScalarAsync<long>("select size from ledger.log_state");
        foreach (
            var tile in new[]
            {
                "0/001",
                $"0/001.p/{size - 255}",
                "0/002.p/1",
                "1/000",
                "1/000.p/2",
                "2/000.p/1",
                "8/000.p/1",
                "63/000",
                "0/000.p/0",
                "0/000.p/256",
                "0/0",
                "0/x000/000",
                "0/x001/000",
                "00/000",
                "-1/000",
                "0/000/",
                "0/000.p%2F1",
                "0",
                "entries/001",
                "entries/002.p/1",
                "0/..%2F000",
                "0/999999999999999999999",
            }
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/log/tile/{tile}") { Headers = { { "auth", service.Token() } } };
            using var answer = await service.Client.SendAsync(request);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{tile}: {answer.StatusCode}");
            Assert.Contains("\"code\":404", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Entries_are_for_clients_with_Ledger_Audit_on_every_bot()
    {
        await using var service = await LoggedAsync();
        async Task<HttpStatusCode> GetAsync(string? token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/log/tile/entries/000");
            if (token is not null)
                request.Headers.Add("auth", token);
            return (await service.Client.SendAsync(request)).StatusCode;
        }
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(null));
        Assert.Equal(
            HttpStatusCode.Unauthorized, await GetAsync(TestService.Sign(TestService.ClientId, RandomNumberGenerator.GetBytes(64))));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(service.Token(Scope.DeleteConversations)));
        var auditor = service.Token(Scope.LedgerAudit);
        Assert.Equal(HttpStatusCode.OK, await GetAsync(auditor));
        // One more bot, which this auditor may not see; a moment later she may.
        var other = await service.AddBotAsync();
        await Execution.Steps.UntilAsync(
            "the new bot's events are still shown to an auditor of the other",
            async () => await GetAsync(auditor) == HttpStatusCode.Forbidden);
        Assert.Null(
            await service.Registry.ExecuteAsync(
                other, new GrantClient(other, $"cs-{(int)Scope.LedgerAudit}", [Scope.LedgerAudit], "test", null), CancellationToken.None)
        );
        Assert.Equal(HttpStatusCode.OK, await GetAsync(auditor));
    }

    [SkippableFact]
    public async Task A_checkpoint_that_another_key_signed_is_not_served_and_health_names_it()
    {
        await using var service = await LoggedAsync();
        var origin = await service.ScalarAsync<string>("select origin from ledger.log_state");
        var other = new NoteSigner(origin, NoteKeyType.Ed25519, RandomNumberGenerator.GetBytes(32));
        var checkpoint = new Checkpoint(origin, 10_000, SHA256.HashData([]));
        await service.ExecuteAsync(
            "insert into ledger.log_checkpoints values ($1, 10000, $2, $3, now(), now())", origin, checkpoint.Root,
            new SignedNote(checkpoint.Text, [other.Sign(checkpoint.Text)]).ToString());
        await Execution.Steps.UntilAsync(
            "the forged checkpoint is not refused",
            async () => (await service.Client.GetAsync("/log/checkpoint")).StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Contains(
            "log: the checkpoint of size 10000 in the database was not signed by this log's key",
            await (await service.Client.GetAsync("/health/ready")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>More than one tile of leaves, covered.</summary>
    private static async Task<TestService> LoggedAsync()
    {
        var service = await TestService.StartAsync(new TestServiceOptions());
        await service.AddConversationsAsync("a", 320, "user-1");
        await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        return service;
    }

    private static async Task<byte[]> BytesAsync(TestService service, string path, string cache)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (cache == "private")
            request.Headers.Add("auth", service.Token(Scope.LedgerAudit));
        using var answer = await service.Client.SendAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode}");
        Assert.Equal(new MediaTypeHeaderValue("application/octet-stream"), answer.Content.Headers.ContentType);
        Assert.Equal(CacheControlHeaderValue.Parse($"{cache}, max-age=31536000, immutable"), answer.Headers.CacheControl);
        using var again = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { answer.Headers.ETag! } } };
        if (cache == "private")
            again.Headers.Add("auth", service.Token(Scope.LedgerAudit));
        Assert.Equal(HttpStatusCode.NotModified, (await service.Client.SendAsync(again)).StatusCode);
        return await answer.Content.ReadAsByteArrayAsync();
    }
}
