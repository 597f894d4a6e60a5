using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ledger.SystemTests.Verifier;

/// <summary><c>erasure-verify</c> as a regulator gets it: one file, run with an empty environment and no .NET that it could find.</summary>
public sealed class PublishedVerifierTests
{
    // Of the golden proofs (Ledger.Tests, GoldenProofTests).
    private const string Key = "log.example/t+25c384bd+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
    private const string Witness = "witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";

    [SkippableFact]
    public async Task One_file_verifies_proofs_under_an_empty_environment()
    {
        Requires.That(OperatingSystem.IsLinux(), "env and a Linux runtime identifier");
        var folder = Directory.CreateTempSubdirectory("erasure-verify ").FullName;
        try
        {
            var published = Path.Combine(folder, "published");
            // A build folder of its own: the solution's own build is not touched.
            var (exit, output, error) = await RunAsync("dotnet", "publish", InTree("src/Verifier"), "-r", RuntimeInformation.RuntimeIdentifier.Contains("arm64", StringComparison.Ordinal) ? "linux-arm64" : "linux-x64",
                "--artifacts-path", Path.Combine(folder, "build"), "-o", published, "-nodeReuse:false", "-p:UseSharedCompilation=false");
            Assert.True(exit == 0, output + error);
            var program = Assert.Single(Directory.GetFiles(published));
            Assert.Equal("erasure-verify", Path.GetFileName(program));
            await VerifiesAsync(program);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task VerifiesAsync(string program)
    {
        var job = InTree("tests/Ledger.Tests/Golden/job.erasure-proof");
        var (exit, output, error) = await BareAsync(program, job, "--key", Key, "--witness", Witness);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith("PARTLY ERASED: 4 of the 5 conversations", output, StringComparison.Ordinal);
        (exit, output, error) = await BareAsync(program, InTree("tests/Ledger.Tests/Golden/conversation.tlog-proof"), "--key", Key, "--json");
        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("\"conclusion\": \"erased\"", output, StringComparison.Ordinal);

        var tampered = Path.Combine(Path.GetDirectoryName(program)!, "tampered");
        await File.WriteAllTextAsync(tampered, (await File.ReadAllTextAsync(job)).Replace("\"deleted\":4", "\"deleted\":5", StringComparison.Ordinal));
        (exit, output, error) = await BareAsync(program, tampered, "--key", Key);
        Assert.Equal((1, ""), (exit, output));
        Assert.StartsWith("THE PROOF DOES NOT HOLD", error, StringComparison.Ordinal);

        (exit, output, error) = await BareAsync(program, "--help");
        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("Exit code 0: the proof holds.", output, StringComparison.Ordinal);
        (exit, output, error) = await BareAsync(program, job);
        Assert.Equal((2, ""), (exit, output));
        Assert.Contains("--key", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static Task<(int Exit, string Output, string Error)> BareAsync(params string[] args) => RunAsync("env", ["-i", .. args]);

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static string InTree(string path)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Ledger.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return Path.Combine(folder, path);
    }
}
