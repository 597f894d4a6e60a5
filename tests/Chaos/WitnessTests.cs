using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Transparency;
using Ledger.Tests.Contracts.Transparency;
using Ledger.Witnessing;

namespace Ledger.Chaos;

/// <summary>
/// SIGKILL of a witness between what it remembers and what it answers. Whatever it vouched for, it must stand by when it is started again.
/// </summary>
public sealed class WitnessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-witness-").FullName;
    private readonly NoteSigner _log = new("log.example/chaos", NoteKeyType.Ed25519, RandomNumberGenerator.GetBytes(32));
    private readonly NoteVerifier _witness;

    public WitnessTests() => _witness = WitnessKeyFile.Create("witness.example/chaos", KeyFile);

    private string KeyFile => Path.Combine(_folder, "witness.key");

    [Theory]
    [InlineData("witness.before-persist", 0)]
    [InlineData("witness.persisted", 5)]
    public async Task A_witness_that_is_killed_stands_by_what_is_on_its_disk(string point, int remembered)
    {
        await using (var killed = await StartAsync(point))
        {
            var asked = AddAsync(killed, await RequestAsync(0, 5, ""));
            await killed.FaultPointAsync(point);
            Assert.False(asked.IsCompleted); // Nothing is answered before it is on disk.
            await killed.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => asked);
        }
        await using var witness = await StartAsync();
        if (remembered > 0)
        {
            Assert.Equal((HttpStatusCode.Conflict, "5\n"), await AddAsync(witness, await RequestAsync(0, 5, "fork")));
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await AddAsync(witness, await RequestAsync(5, 5, "fork"))).Status);
        }
        // The log, which knows only that it had no answer, asks again.
        var again = await RequestAsync(remembered, 5, "");
        var (status, cosignature) = await AddAsync(witness, again);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Single(SignedNote.Parse($"{again.Note.Text}\n{cosignature}").SignedBy(_witness));
        Assert.Equal(HttpStatusCode.OK, (await AddAsync(witness, await RequestAsync(5, 6, ""))).Status);
    }

    [Fact]
    public async Task A_second_process_on_the_same_folder_does_not_start_until_the_first_is_dead()
    {
        await using var first = await StartAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync());
        Assert.Contains("another process witnesses with the state", refused.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await AddAsync(first, await RequestAsync(0, 5, ""))).Status);
        await first.KillAsync();
        await using var second = await StartAsync();
        Assert.Equal((HttpStatusCode.Conflict, "5\n"), await AddAsync(second, await RequestAsync(0, 3, "")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<Node> StartAsync(string? faultPoint = null) =>
        Node.StartWitnessAsync(KeyFile, Path.Combine(_folder, "state"), _log.Verifier.ToString(), faultPoint);

    private async Task<AddCheckpointRequest> RequestAsync(int old, int size, string branch)
    {
        var tree = MemoryTree.Of(Enumerable.Range(0, size).Select(i => MerkleTree.LeafHash(Encoding.UTF8.GetBytes($"{branch}{i}"))));
        var text = new Checkpoint(_log.Verifier.Name, size, tree.Root(0, size)).Text;
        return new AddCheckpointRequest(
            old, await ConsistencyProof.ProveAsync(old, size, tree.Nodes), new SignedNote(text, [_log.Sign(text)]));
    }

    private static async Task<(HttpStatusCode Status, string Body)> AddAsync(Node witness, AddCheckpointRequest request)
    {
        using var content = new StringContent(request.ToString());
        using var response = await witness.Client.PostAsync(new Uri("/add-checkpoint", UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
