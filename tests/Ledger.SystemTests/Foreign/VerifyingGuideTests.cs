using System.Globalization;
using Ledger.Contracts.Transparency;

namespace Ledger.SystemTests.Foreign;

/// <summary>docs/verifying.md, run: its commands, exactly as they stand there, accept what is true and refuse what is not.</summary>
[Collection(ForeignChecks.Name)]
public sealed class VerifyingGuideTests(ForeignCheck go) : IDisposable
{
    private static readonly string s_guide = File.ReadAllText(Path.Combine(Repository.Root, "docs", "verifying.md"));
    private readonly string _folder = Directory.CreateTempSubdirectory("verifying-").FullName;

    [SkippableFact]
    public async Task Openssl_and_python_alone_verify_a_conversations_proof()
    {
        OpensslRequired();
        await WriteFilesAsync();
        File.Delete(InFolder("checkpoint"));
        Assert.StartsWith("ledger.example/sample\n17\n", Output(await RunAsync("sh", "the checkpoint")), StringComparison.Ordinal);
        Assert.Contains("Signature Verified Successfully", Output(await RunAsync("sh", "the signature")), StringComparison.Ordinal);
        var said = Output(await RunAsync("python", "the inclusion path"));
        Assert.Contains("\"type\":\"conversation_deleted\"", said, StringComparison.Ordinal);
        Assert.Contains("conversation: conversation-retried-é-0000\n", said, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("\n17\n", "\n18\n")]
    [InlineData("ledger.example/sample\n17", "ledger.example/other\n17")]
    public async Task Openssl_refuses_another_checkpoint(string right, string wrong)
    {
        OpensslRequired();
        await WriteFilesAsync();
        Output(await RunAsync("sh", "the checkpoint"));
        await ChangeAsync("checkpoint", right, wrong);
        Assert.NotEqual(0, (await RunAsync("sh", "the signature")).Code);
    }

    [SkippableFact]
    public async Task Openssl_refuses_another_key()
    {
        OpensslRequired();
        await WriteFilesAsync();
        Output(await RunAsync("sh", "the checkpoint"));
        await File.WriteAllTextAsync(
            InFolder("log.vkey"), new NoteSigner(SampleLog.Signer.Verifier.Name, NoteKeyType.Ed25519, new byte[32]).Verifier + "\n");
        var (code, said) = await RunAsync("sh", "the signature");
        Assert.True(code != 0 && said.Contains("Signature Verification Failure", StringComparison.Ordinal), said);
    }

    [SkippableTheory]
    [InlineData("index 8", "index 9")]
    [InlineData("extra ", "extra A")]
    public async Task The_python_lines_refuse_a_changed_proof(string right, string wrong)
    {
        OpensslRequired();
        await WriteFilesAsync();
        Output(await RunAsync("sh", "the checkpoint"));
        Output(await RunAsync("sh", "the signature"));
        await ChangeAsync("conversation.tlog-proof", right, wrong);
        Assert.NotEqual(0, (await RunAsync("python", "the inclusion path")).Code);
    }

    [SkippableFact]
    public async Task The_python_lines_refuse_another_conversations_id()
    {
        OpensslRequired();
        await WriteFilesAsync(disclosed: 3);
        Output(await RunAsync("sh", "the checkpoint"));
        Output(await RunAsync("sh", "the signature"));
        var (code, said) = await RunAsync("python", "the inclusion path");
        Assert.True(code != 0 && said.Contains("another conversation's entry", StringComparison.Ordinal), said);
    }

    [SkippableFact]
    public async Task The_Go_program_is_called_as_the_guide_says()
    {
        ForeignCheck.Required();
        await WriteFilesAsync();
        Assert.Equal(3, Output(await RunAsync("sh", "with the Go program")).Split("HOLDS: ").Length - 1);
        File.Delete(InFolder("checkpoint"));
        Output(await RunAsync("sh", "consistency, the parts"));
        Assert.StartsWith("HOLDS: ", Output(await RunAsync("sh", "consistency")), StringComparison.Ordinal);
        await ChangeAsync("job.erasure-proof", "\"attempt\":1", "\"attempt\":2");
        var (code, said) = await RunAsync("sh", "with the Go program");
        Assert.True(code == 1 && said.Contains("DOES NOT HOLD: ", StringComparison.Ordinal), said);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void OpensslRequired() =>
        Requires.That(
            new[] { "bash", "openssl", "python3" }.All(program => Tool.Path(program) is not null),
            "openssl and python3 are needed to run the commands of docs/verifying.md: apt install openssl python3");

    /// <summary>The block of the guide that begins with this comment, run in the folder of the files that it names.</summary>
    private async Task<(int Code, string Said)> RunAsync(string language, string title)
    {
        var begin = s_guide.IndexOf($"```{language}\n# {title}\n", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"docs/verifying.md has no {language} block '# {title}'");
        begin = s_guide.IndexOf('\n', begin) + 1;
        var block = s_guide[begin..s_guide.IndexOf("```", begin, StringComparison.Ordinal)];
        var environment = new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" };
        if (Tool.Path("go") is not null)
            environment["PATH"] = $"{Path.GetDirectoryName(await go.ProgramAsync())}:{Environment.GetEnvironmentVariable("PATH")}";
        return language == "python"
            ? await Tool.RunAsync("python3", ["-c", block], _folder, environment)
            : await Tool.RunAsync("bash", ["-euo", "pipefail", "-c", block], _folder, environment);
    }

    private static string Output((int Code, string Said) run)
    {
        Assert.True(run.Code == 0, string.Create(CultureInfo.InvariantCulture, $"{run.Code}: {run.Said}"));
        return run.Said;
    }

    /// <summary>What a regulator is handed: 17 leaves, of which the ninth is the first conversation's deletion.</summary>
    private async Task WriteFilesAsync(int disclosed = 0)
    {
        var (job, log) = (SampleJob.Retried(), new SampleLog());
        log.AddNoise(5);
        log.Add(job);
        log.AddNoise(2);
        Assert.Equal(17, log.Size);
        var consistency = await ConsistencyProof.ProveAsync(6, log.Size, log.Nodes);
        var files = new Dictionary<string, string>
        {
            ["log.vkey"] = SampleLog.Vkey + "\n",
            ["conversation.tlog-proof"] = await log.ConversationProofAsync(job, 8, job.ConversationId(disclosed), log.Size),
            ["job.erasure-proof"] = await log.JobProofAsync(job),
            ["checkpoint"] = log.Checkpoint(log.Size),
            ["older-checkpoint"] = log.Checkpoint(6),
            ["consistency.txt"] = new AddCheckpointRequest(6, consistency, SignedNote.Parse(log.Checkpoint(log.Size))).ToString(),
        };
        foreach (var (name, text) in files)
            await File.WriteAllTextAsync(InFolder(name), text);
    }

    private async Task ChangeAsync(string name, string right, string wrong)
    {
        var text = await File.ReadAllTextAsync(InFolder(name));
        Assert.Contains(right, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(InFolder(name), text.Replace(right, wrong, StringComparison.Ordinal));
    }

    private string InFolder(string name) => Path.Combine(_folder, name);
}
