using Ledger.Cli;
using Ledger.Contracts.Transparency;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Log.Witnessing;

/// <summary><c>ledger witness</c>, and <c>ledger serve --witness-policy</c>.</summary>
public sealed class WitnessCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-witness-").FullName;
    private readonly WitnessedLog _log = new();

    private string Key => Path.Combine(_folder, "witness.key");
    private string State => Path.Combine(_folder, "state");

    [Fact]
    public async Task A_key_is_made_once_for_its_owner_alone_and_its_public_half_is_printed()
    {
        var made = await CliDatabase.RunAsync(["witness", "key", "witness.example/w1", "--out", Key]);
        Assert.Equal((ExitCodes.Done, ""), (made.ExitCode, made.Error));
        var printed = NoteVerifier.Parse(made.Output.TrimEnd());
        Assert.Equal(("witness.example/w1", NoteKeyType.Cosignature), (printed.Name, printed.Type));
        var stored = await File.ReadAllTextAsync(Key);
        Assert.Equal(printed, NoteSigner.Parse(stored.TrimEnd()).Verifier);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Key) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        var again = await CliDatabase.RunAsync(["witness", "key", "witness.example/w1", "--out", Key]);
        Assert.Equal((ExitCodes.Failed, ""), (again.ExitCode, again.Output));
        Assert.Contains("a key is never overwritten", again.Error, StringComparison.Ordinal);
        Assert.Equal(stored, await File.ReadAllTextAsync(Key));
        Assert.Contains(
            "a witness's name is like", (await CliDatabase.RunAsync(["witness", "key", "a b", "--out", Key + "2"])).Error,
            StringComparison.Ordinal);
        Assert.False(File.Exists(Key + "2"));
    }

    [Fact]
    public async Task It_says_what_it_witnesses_and_how_far_it_is()
    {
        var vkey = (await CliDatabase.RunAsync(["witness", "key", "witness.example/w1", "--out", Key])).Output.TrimEnd();
        foreach (var said in new[] { "nothing cosigned yet", "cosigned up to 5 leaves" })
        {
            using var witness = LedgerProcess.Start(
                "witness",
                "serve",
                "--key",
                Key,
                "--state",
                State,
                "--log",
                _log.Key.ToString(),
                "--urls",
                "http://127.0.0.1:0"
            );
            Assert.Equal(vkey, await witness.LineAsync("Witness "));
            Assert.Equal($"{_log.Key.Name}: {said}", await witness.LineAsync("Witnessing "));
            using var client = new HttpClient { BaseAddress = new Uri(await witness.LineAsync("Listening on ")) };
            using var body = new StringContent((await _log.RequestAsync(said.StartsWith('n') ? 0 : 5, 5)).ToString());
            Assert.True((await client.PostAsync(new Uri("/add-checkpoint", UriKind.Relative), body)).IsSuccessStatusCode);
            witness.Terminate();
            Assert.Equal(ExitCodes.Done, await witness.ExitCodeAsync());
        }
    }

    [Fact]
    public async Task It_does_not_start_without_its_key_with_one_that_others_can_read_or_with_a_logs()
    {
        Assert.Contains("there is no key in", await RefusedAsync(), StringComparison.Ordinal);
        await CliDatabase.RunAsync(["witness", "key", "witness.example/w1", "--out", Key]);
        var log = new NoteSigner("log.example", NoteKeyType.Ed25519, new byte[32]);
        var own = await File.ReadAllTextAsync(Key);
        await File.WriteAllTextAsync(Key, log.PrivateKeyText());
        Assert.Contains("is not a witness's key", await RefusedAsync(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Key, own);
        Directory.CreateDirectory(State);
        await File.WriteAllTextAsync(Path.Combine(State, "0.checkpoint"), "nonsense");
        Assert.Contains("cannot be read as what this witness last cosigned", await RefusedAsync(), StringComparison.Ordinal);
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(Key, File.GetUnixFileMode(Key) | UnixFileMode.GroupRead);
        Assert.Contains("can be read by others", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_cannot_be_used_keeps_the_service_from_starting()
    {
        var file = Path.Combine(_folder, "policy");
        foreach (
            var (policy, problem) in new[]
            {
                (null, "Could not find file"),
                ("quorum nobody\n", "line 1: 'nobody' is neither"),
                ("quorum none", "line 1: the line does not end"),
            }
        )
        {
            if (policy is not null)
                await File.WriteAllTextAsync(file, policy);
            var refused = await CliDatabase.RunAsync([
                "serve", "--embedded", "--data", Path.Combine(_folder, "data"), "--witness-policy", file,
            ]);
            Assert.Equal((ExitCodes.Failed, ""), (refused.ExitCode, refused.Output));
            Assert.Contains($"the witness policy '{file}' cannot be used: ", refused.Error, StringComparison.Ordinal);
            Assert.Contains(problem, refused.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(_folder, "data")));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> RefusedAsync()
    {
        var refused = await CliDatabase.RunAsync([
            "witness",
            "serve",
            "--key",
            Key,
            "--state",
            State,
            "--log",
            _log.Key.ToString(),
            "--urls",
            "http://127.0.0.1:0",
        ]);
        Assert.Equal((ExitCodes.Failed, ""), (refused.ExitCode, refused.Output));
        return refused.Error;
    }
}
