using System.Diagnostics;
using System.Runtime.InteropServices;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Verifier;

/// <summary><c>erasure-verify</c> as a regulator gets it: one file, run with an empty environment and no .NET that it could find.</summary>
[Collection(nameof(FirstDemo))]
public sealed class PublishedVerifierTests(FirstDemo demo)
{
    // Of the golden proofs (Ledger.Tests, GoldenProofTests).
    private const string Key = "log.example/t+25c384bd+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
    private const string Witness = "witness.example/w1+24b5d9fe+BP0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";

    [SkippableFact]
    public async Task One_file_verifies_the_demos_proofs_and_others_without_a_runtime_and_with_an_empty_environment()
    {
        Requires.That(OperatingSystem.IsLinux(), "env and a Linux runtime identifier");
        Requires.That(await IsRuntimeHiddenAsync(), "hiding the installed .NET: unshare, and root to mount");
        var folder = Directory.CreateTempSubdirectory("erasure-verify ").FullName;
        try
        {
            var published = Path.Combine(folder, "published");
            // A build folder of its own: the solution's own build is not touched.
            var machine = RuntimeInformation.RuntimeIdentifier.Contains("arm64", StringComparison.Ordinal) ? "linux-arm64" : "linux-x64";
            // Analyzers and advisories are the whole build's. Where the build's compiler server still runs, it compiles this too: its place
            // depends on the temporary folder.
            var publish = new ProcessStartInfo("dotnet",
            [
                "publish", InTree("src/Verifier"), "-r", machine, "--artifacts-path", Path.Combine(folder, "build"), "-o", published,
                "-m:1", "-nodeReuse:false", "-p:UseSharedCompilation=true", "-p:RunAnalyzers=false", "-p:NuGetAudit=false",
            ]);
            publish.Environment.Remove("TMPDIR");
            var (exit, output, error) = await RunAsync(publish);
            Assert.True(exit == 0, output + error);
            var program = Assert.Single(Directory.GetFiles(published));
            Assert.Equal("erasure-verify", Path.GetFileName(program));
            await VerifiesTheDemosAsync(program);
            await VerifiesAsync(program);
            await VerifiesWithTheCLibraryAloneAsync(program, Path.Combine(folder, "root"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the demo left in its folder, and nothing else.</summary>
    private async Task VerifiesTheDemosAsync(string program)
    {
        Assert.True(demo.ExitCode == 0, demo.Output + demo.Error);
        var key = (await File.ReadAllTextAsync(Path.Combine(demo.Folder.Path, "log.vkey"))).Trim();
        foreach (var (pattern, conclusion) in new[] { ("*.erasure-proof", "ERASED: "), ("*.tlog-proof", "ERASED: ") })
        {
            var files = Directory.GetFiles(demo.Folder.Path, pattern);
            Assert.NotEmpty(files);
            foreach (var file in files)
            {
                var (exit, output, error) = await BareAsync(program, file, "--key", key);
                Assert.Equal((0, ""), (exit, error));
                Assert.StartsWith(conclusion, output, StringComparison.Ordinal);
            }
        }
    }

    private static async Task VerifiesAsync(string program)
    {
        var job = InTree("tests/Ledger.Tests/Golden/job.erasure-proof");
        var (exit, output, error) = await BareAsync(program, job, "--key", Key, "--witness", Witness);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith("PARTLY ERASED: 4 of the 5 conversations", output, StringComparison.Ordinal);
        (exit, output, error) = await BareAsync(
            program, InTree("tests/Ledger.Tests/Golden/conversation.tlog-proof"), "--key", Key, "--json");
        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("\"conclusion\": \"erased\"", output, StringComparison.Ordinal);

        var tampered = Path.Combine(Path.GetDirectoryName(program)!, "tampered");
        await File.WriteAllTextAsync(
            tampered, (await File.ReadAllTextAsync(job)).Replace("\"deleted\":4", "\"deleted\":5", StringComparison.Ordinal));
        (exit, output, error) = await BareAsync(program, tampered, "--key", Key);
        Assert.Equal((1, ""), (exit, output));
        Assert.StartsWith("THE PROOF DOES NOT HOLD", error, StringComparison.Ordinal);

        (exit, output, error) = await BareAsync(program, "--help");
        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("Exit code 0: the proof holds.", output, StringComparison.Ordinal);
        Assert.Contains("3: not proven, because a newer ledger", output, StringComparison.Ordinal);
        (exit, output, error) = await BareAsync(program, job);
        Assert.Equal((2, ""), (exit, output));
        Assert.Contains("--key", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    /// <summary>
    /// In a root that holds the program, what the loader says that it needs (the C and C++ libraries), and /proc: there is no OpenSSL.
    /// </summary>
    private static async Task VerifiesWithTheCLibraryAloneAsync(string program, string root)
    {
        var (_, needed, _) = await RunAsync("ldd", program);
        var libraries = needed.Split(['\n', ' ', '\t']).Where(word => word.StartsWith('/')).ToList();
        Assert.All(libraries, library => Assert.DoesNotMatch("ssl|crypto", library));
        foreach (var file in (string[])[.. libraries, program])
            Copy(file, root + (file == program ? "/erasure-verify" : file));
        Copy(InTree("tests/Ledger.Tests/Golden/job.erasure-proof"), root + "/job.erasure-proof");
        Directory.CreateDirectory(root + "/proc");
        const string InRoot = "mount -t proc proc \"$0/proc\" && exec env -i \"$(command -v chroot)\" \"$0\" /erasure-verify \"$@\"";
        var (exit, output, error) = await RunAsync("unshare", "-m", "sh", "-c", InRoot, root, "/job.erasure-proof", "--key", Key);
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith("PARTLY ERASED: 4 of the 5 conversations", output, StringComparison.Ordinal);

        static void Copy(string from, string to)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
        }
    }

    /// <summary>
    /// Runs a program without an environment where every folder in which a program's host looks for a runtime is empty. An empty
    /// environment alone hides none: the host knows the default places.
    /// </summary>
    private static Task<(int Exit, string Output, string Error)> BareAsync(params string[] args) =>
        RunAsync(
            "unshare",
            [
                "-m", "sh", "-c",
                $"{string.Concat(RuntimeFolders().Select(folder => $"mount -t tmpfs none '{folder}' && "))}exec env -i \"$@\"", "sh",
                .. args,
            ]
        );

    /// <summary>The machine's .NET itself cannot start where the verifier must.</summary>
    private static async Task<bool> IsRuntimeHiddenAsync()
    {
        try
        {
            return (await BareAsync("true")).Exit == 0 && (await BareAsync("dotnet", "--list-runtimes")).Exit != 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // no unshare
        }
    }

    /// <summary>Where this test's own runtime is, and the places that the host knows by itself (dotnet/docs, "Install location").</summary>
    private static IEnumerable<string> RuntimeFolders() =>
        new[]
        {
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../..")),
            "/usr/share/dotnet",
            "/usr/lib/dotnet",
            "/usr/lib64/dotnet",
            "/etc/dotnet",
        }
            .Select(folder => folder.TrimEnd('/'))
            .Distinct(StringComparer.Ordinal)
            .Where(Directory.Exists);

    private static Task<(int Exit, string Output, string Error)> RunAsync(string program, params string[] args) =>
        RunAsync(new ProcessStartInfo(program, args));

    private static async Task<(int Exit, string Output, string Error)> RunAsync(ProcessStartInfo start)
    {
        (start.UseShellExecute, start.RedirectStandardOutput, start.RedirectStandardError) = (false, true, true);
        using var process = Process.Start(start)!;
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
