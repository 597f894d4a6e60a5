using System.Globalization;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.SystemTests.Foreign;

/// <summary>tests/foreign, built once per run: the Go program that checks us with golang.org/x/mod.</summary>
public sealed class ForeignCheck : IDisposable
{
    /// <summary>Where Debian's golang-golang-x-mod-dev puts its source.</summary>
    private const string GoPath = "/usr/share/gocode";

    internal const string JobProof = ".erasure-proof", ConversationProof = ".tlog-proof";

    private readonly string _folder = Directory.CreateTempSubdirectory("foreign-check-").FullName;
    private readonly Lazy<Task<string>> _program;

    public ForeignCheck() => _program = new Lazy<Task<string>>(BuildAsync);

    /// <summary>Skips the test where there is no Go, or not the packages it builds with.</summary>
    internal static void Required() => Requires.That(
        Tool.Path("go") is not null && Directory.Exists($"{GoPath}/src/golang.org/x/mod/sumdb/tlog"),
        "Go and golang.org/x/mod are needed to check the log with foreign code: apt install golang-go golang-golang-x-mod-dev");

    /// <summary>Exit code and what it said.</summary>
    internal async Task<(int Code, string Said)> RunAsync(params string[] arguments) =>
        await Tool.RunAsync(await _program.Value, arguments);

    /// <summary>
    /// Exit code and first line for each of these proofs, in their order. One process judges all: to start one for each takes ten times as
    /// long.
    /// </summary>
    /// <param name="vkey">The log's key.</param>
    /// <param name="proofs">Their texts.</param>
    /// <param name="extension">Says what they are; null: what they say themselves.</param>
    internal async Task<IReadOnlyList<(int Code, string Said)>> EachAsync(string vkey, IEnumerable<string> proofs, string? extension = null)
    {
        var folder = Directory.CreateTempSubdirectory("odd proofs ");
        try
        {
            var files = new List<string>();
            foreach (var proof in proofs)
            {
                var own = proof.StartsWith(TlogProof.Header, StringComparison.Ordinal) ? ConversationProof : JobProof;
                files.Add(Path.Combine(folder.FullName, files.Count + (extension ?? own)));
                await File.WriteAllTextAsync(files[^1], proof);
            }
            var (code, said) = await RunAsync(["each", vkey, .. files]);
            var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.True(code == 0 && lines.Length == files.Count, $"{code} {said}");
            return [.. lines.Select(line => (int.Parse(line[..1], CultureInfo.InvariantCulture), line[2..]))];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The built program.</summary>
    internal Task<string> ProgramAsync() => _program.Value;

    internal async Task HoldsAsync(params string[] arguments)
    {
        var (code, said) = await RunAsync(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}: {code} {said}");
    }

    /// <summary>Refused as a proof that does not hold, and not for being called wrongly or for an accident.</summary>
    internal async Task FailsAsync(string why, params string[] arguments)
    {
        var (code, said) = await RunAsync(arguments);
        Failed(why, code, said);
    }

    /// <summary>What it said was such a refusal.</summary>
    internal static void Failed(string why, int code, string said) => Assert.True(
        code == 1 && said.StartsWith("DOES NOT HOLD: ", StringComparison.Ordinal)
            && !said.Contains("no such file", StringComparison.Ordinal),
        $"{why}: {code} {said}");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<string> BuildAsync()
    {
        var program = Path.Combine(_folder, "foreign-check");
        var environment = new Dictionary<string, string>
        {
            ["GO111MODULE"] = "off",
            ["GOPATH"] = GoPath,
            ["GOFLAGS"] = "",
            ["GOCACHE"] = Path.Combine(_folder, "cache"),
        };
        var (code, said) = await Tool.RunAsync(
            "go", ["build", "-o", program, "."], Path.Combine(Repository.Root, "tests", "foreign"), environment);
        Assert.True(code == 0, said);
        return program;
    }
}

/// <summary>The tests that share the built program.</summary>
[CollectionDefinition(Name)]
public sealed class ForeignChecks : ICollectionFixture<ForeignCheck>
{
    public const string Name = "foreign code";
}

/// <summary>The source tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Ledger.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
