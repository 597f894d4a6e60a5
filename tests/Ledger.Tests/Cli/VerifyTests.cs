using Ledger.Tests.Contracts.Transparency;
using Ledger.Tests.Contracts.Transparency.Proofs;

namespace Ledger.Tests.Cli;

/// <summary><c>ledger verify</c>, which is <c>erasure-verify</c>'s code, on the golden proofs.</summary>
public sealed class VerifyTests
{
    private const string Witness = "witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";
    private const string Key = "log.example/t+25c384bd+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

    private static string Golden(string name) => Path.Combine(SourceTree.Root, "tests", "Ledger.Tests", "Golden", name);

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (await CommandLine.RunAsync(["verify", .. args], output, error), output.ToString(), error.ToString());
    }

    [Fact]
    public async Task A_proof_that_holds_is_told_and_exits_0()
    {
        var (exit, output, error) = await RunAsync(Golden("job.erasure-proof"), "--key", Key, "--witness", Witness);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith("PARTLY ERASED: 4 of the 5 conversations", output, StringComparison.Ordinal);
        (exit, output, _) = await RunAsync(Golden("conversation.tlog-proof"), "--key", Key, "--json");
        Assert.Equal(0, exit);
        using var json = System.Text.Json.JsonDocument.Parse(output);
        Assert.Equal("erased", json.RootElement.GetProperty("conversation").GetProperty("conclusion").GetString());
        Assert.True(json.RootElement.GetProperty("holds").GetBoolean());
    }

    [Fact]
    public async Task A_proof_that_does_not_hold_exits_1_and_says_why()
    {
        var other = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
        var (exit, output, error) = await RunAsync(Golden("job.erasure-proof"), "--key", other);
        Assert.Equal((1, ""), (exit, output));
        Assert.StartsWith(
            "THE PROOF DOES NOT HOLD: line 10: the checkpoint is of the log 'log.example/t'", error, StringComparison.Ordinal);
        (exit, output, error) = await RunAsync(Golden("events.jsonl"), "--key", Key, "--json");
        Assert.Equal((1, ""), (exit, error));
        Assert.Contains("\"holds\": false", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_newer_ledger_made_exits_3_and_says_what_is_not_known()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var job = SampleJobs.Of(3, false, []).Inserting(4, "conversation_archived", "{}");
        await File.WriteAllTextAsync(file, await ProofLog.Of(job, []).JobProofAsync());
        try
        {
            var (exit, output, error) = await RunAsync(file, "--key", Key);
            Assert.Equal((3, ""), (exit, output));
            Assert.StartsWith(
                "NOT PROVEN: made by a newer ledger: this program does not know the event type 'conversation_archived' (line ", error,
                StringComparison.Ordinal);
            Assert.DoesNotContain("ERASED", error, StringComparison.Ordinal);
            (exit, output, error) = await RunAsync(file, "--key", Key, "--json");
            Assert.Equal((3, ""), (exit, error));
            using var json = System.Text.Json.JsonDocument.Parse(output);
            Assert.Equal(
                ("notProven", false),
                (json.RootElement.GetProperty("verdict").GetString(), json.RootElement.GetProperty("holds").GetBoolean()));
        }
        finally
        {
            File.Delete(file);
        }
        Assert.Contains("3: not proven, because a newer ledger", (await RunAsync("--help")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_read_exits_2_and_is_named()
    {
        using var other = new TemporaryFile(GoldenLog.Checkpoint15);
        foreach (var (args, problem) in new (string[], string)[]
        {
            ([Golden("nowhere"), "--key", Key], "nowhere"),
            ([Golden("job.erasure-proof"), "--key", "nonsense"], "the log's key 'nonsense' is not right: a vkey is NAME+ID+BASE64"),
            ([Golden("job.erasure-proof"), "--key", Witness], "it is a witness's and not a log's"),
            ([Golden("job.erasure-proof"), "--key", Key, "--witness", Key], "it is a log's and not a witness's"),
            ([Golden("job.erasure-proof"), "--key", Key, "--checkpoint", Golden("events.jsonl")], "the checkpoint in '"),
            ([Golden("job.erasure-proof"), "--key", Key, "--checkpoint", other.Path],
                "the checkpoint is of the log 'example.com/log/testdata'"),
            ([Golden("job.erasure-proof"), "--key", Key, "--consistency", Golden("events.jsonl")], "shows nothing without --checkpoint"),
            ([Golden("job.erasure-proof")], "--key"),
            (["-", "--key", Key, "--checkpoint", "-"], "only one file can come from standard input"),
        })
        {
            var (exit, output, error) = await RunAsync(args);
            Assert.Equal((2, ""), (exit, output));
            Assert.Contains(problem, error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_key_may_be_in_a_file_as_tools_save_it()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await File.WriteAllTextAsync(file, Key + "\n");
            Assert.Equal(0, (await RunAsync(Golden("job.erasure-proof"), "--key", file)).Exit);
            await File.WriteAllTextAsync(file, Key + "\r\n", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
            Assert.Equal(0, (await RunAsync(Golden("job.erasure-proof"), "--key", file)).Exit);
            await File.WriteAllTextAsync(file, Key + "\n", System.Text.Encoding.Unicode);
            var (exit, _, error) = await RunAsync(Golden("job.erasure-proof"), "--key", file);
            Assert.Equal((2, true), (exit, error.Contains($"the key in '{file}' cannot be used: it is UTF-16", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
