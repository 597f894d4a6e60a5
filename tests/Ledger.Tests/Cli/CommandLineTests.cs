using System.CommandLine;
using System.Runtime.CompilerServices;
using Ledger.Cli;
using Ledger.Registry;

namespace Ledger.Tests.Cli;

public sealed class CommandLineTests
{
    public static TheoryData<string> Verbs() => [.. Paths(CommandLine.Root(), "")];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_explains_itself_with_an_example_that_parses(string path)
    {
        var (exit, output, error) = await RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((ExitCodes.Done, ""), (exit, error));
        Assert.Contains("Description:", output, StringComparison.Ordinal);
        Assert.Contains("Example:", output, StringComparison.Ordinal);
        var examples = output[output.IndexOf("Example:", StringComparison.Ordinal)..]
            .Split('\n')
            .Skip(1)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0)
            .ToArray();
        Assert.NotEmpty(examples);
        foreach (var example in examples.Where(line => line.StartsWith("ledger ", StringComparison.Ordinal)))
            AssertParses(example["ledger ".Length..].Split(" < ")[0].Split(" > ")[0]);
    }

    [Fact]
    public async Task An_argument_that_was_not_UTF_8_is_refused()
    {
        var (exit, output, error) = await RunAsync(["bot", "add", "b\uFFFDr"]);
        Assert.Equal((ExitCodes.Usage, ""), (exit, output));
        Assert.Contains("not UTF-8", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_of_the_readme_can_be_typed_as_it_is_there()
    {
        var root = Path.GetFullPath("../..", InSource());
        var lines = (await File.ReadAllTextAsync(Path.Combine(root, "README.md")))
            .Split("```sh\n")
            .Skip(1)
            .SelectMany(block => block.Split("```")[0].Split('\n'));
        var commands = lines.Select(line => line.Split(" #")[0].Split(" > ")[0].Trim()).Where(line => line.Length > 0).ToList();
        const string run = "dotnet run --project src/Ledger -- ";
        foreach (var command in commands)
        {
            if (command.StartsWith("ledger ", StringComparison.Ordinal))
                AssertParses(command["ledger ".Length..]);
            else if (command.StartsWith(run, StringComparison.Ordinal))
                AssertParses(command[run.Length..]);
        }
        Assert.Contains(commands, command => command.StartsWith(run, StringComparison.Ordinal));
        Assert.Contains(commands, command => command.StartsWith("ledger ", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(root, "src/Ledger/Ledger.csproj")));
        Assert.True(File.Exists(Path.Combine(root, "test")));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(root, "test")).HasFlag(UnixFileMode.UserExecute));
    }

    private static string InSource([CallerFilePath] string file = "") => Path.GetDirectoryName(Path.GetDirectoryName(file))!;

    private static void AssertParses(string line)
    {
        // The parser's splitter knows double quotes only.
        var parsed = CommandLine.Root().Parse(line.Replace('\'', '"'));
        Assert.Empty(parsed.Errors.Select(problem => $"{line}: {problem.Message}"));
    }

    [Fact]
    public async Task The_help_of_all_names_every_verb()
    {
        var (exit, output, _) = await RunAsync(["--help"]);
        Assert.Equal(ExitCodes.Done, exit);
        foreach (
            var verb in new[]
            {
                "demo",
                "serve",
                "import",
                "bot",
                "window",
                "pause",
                "resume",
                "client",
                "token",
                "submit",
                "cancel",
                "jobs",
                "status",
                "replay",
                "messages",
                "proof",
                "verify",
                "audit",
                "rebuild",
                "hold",
                "find",
                "forget",
                "migrate",
                "key",
                "log",
                "witness",
            }
        )
            Assert.Contains($"\n  {verb} ", output, StringComparison.Ordinal);
        Assert.Contains("ledger demo --once", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("erase")]
    [InlineData("bot")]
    [InlineData("bot add")]
    [InlineData("bot add st-1 --retention-days soon")]
    [InlineData("bot add st-1 --created yesterday")]
    [InlineData("client add cs-1 --scope everything --bot st-1")]
    [InlineData("client add cs-1 --alg none")]
    [InlineData("client grant cs-1 --bot st-1")]
    [InlineData("client revoke cs-1")]
    [InlineData("client add cs-1 --alg RS256")]
    [InlineData("client add cs-1 --bot st-1")]
    [InlineData("window add night --cron nonsense")]
    [InlineData("window add night --cron \"0 0 1 * * ?\" --length 6")]
    [InlineData("token --client cs-1 --expires 2h --jti")]
    [InlineData("cancel --bot st-1 --token-file /dev/null")]
    [InlineData("cancel cdj-1 --bot st-1 --token-file /dev/null")]
    [InlineData("jobs --status done")]
    [InlineData("jobs --state done")]
    [InlineData("jobs --limit 0")]
    [InlineData("pause --bot")]
    [InlineData("pause")]
    [InlineData("resume st-1")]
    [InlineData("submit --bot st-1 --token-file /dev/null")]
    [InlineData("submit --bot st-1 --cid - --token-file token.txt --preview --watch")]
    [InlineData("submit --ids ids.txt")]
    [InlineData("submit --bot st-1 --ids ids.txt --cid cid.txt --token-file token.txt")]
    [InlineData("submit --bot st-1 --ids ids.txt --start-date 2026-05-01 --token-file token.txt")]
    [InlineData("submit --bot st-1 --cid - --token-file -")]
    [InlineData("submit --bot st-1 --cid cid.txt --start-date yesterday --token-file token.txt")]
    [InlineData("submit --bot st-1 --cid cid.txt --idempotency-key \"a b\" --token-file token.txt")]
    [InlineData("submit --bot st-1 --cid cid.txt --url ledger.example.com --token-file token.txt")]
    [InlineData("submit --bot st-1 --cid cid.txt --url https://ledger.example.com/api --token-file token.txt")]
    [InlineData("hold")]
    [InlineData("hold place --bot st-1 --cid -")]
    [InlineData("hold place --bot st-1 --reason r")]
    [InlineData("hold place --bot st-1 --cid cid.txt --ids ids.txt --reason r")]
    [InlineData("hold place --bot st-1 --cid cid.txt --reason \" \"")]
    [InlineData("hold place --bot st-1 --cid cid.txt --reason r --until 2020-01-01")]
    [InlineData("hold place --bot st-1 --cid cid.txt --reason r --until soon")]
    [InlineData("hold list --limit 0")]
    [InlineData("hold lift lh-1")]
    [InlineData("status 42")]
    [InlineData("proof")]
    [InlineData("proof 42")]
    [InlineData("proof --bot st-1 --from 2026-05-01 -o proofs")]
    [InlineData("proof cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --to 2026-05-01")]
    [InlineData("proof cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --conversation --without-ids")]
    [InlineData("demo --port 65536")]
    [InlineData("serve --urls nonsense")]
    [InlineData("serve --urls https://127.0.0.1:8443")]
    [InlineData("serve --submits-per-minute 0")]
    [InlineData("serve --polls-per-hour many")]
    [InlineData("serve --urls http://127.0.0.1:8080/ledger")]
    [InlineData("audit --since - --checkpoint -")]
    [InlineData("bot list --data \"\"")]
    [InlineData("import \"\"")]
    [InlineData("audit --checkpoint - --checkpoint -")]
    [InlineData("serve --smtp nonsense --mail-from a@example.com")]
    [InlineData("serve --smtp smtps://mail.example.com --mail-from a@example.com")]
    [InlineData("serve --smtp smtp://mail.example.com")]
    [InlineData("serve --smtp smtp://mail.example.com --mail-from nobody")]
    [InlineData("serve --smtp smtp://mail.example.com --mail-from a@example.com --mail-dir /tmp/somewhere")]
    [InlineData("serve --public-url ledger.example.com")]
    [InlineData("messages --retry 42")]
    [InlineData("messages --limit 0")]
    [InlineData("witness key witness.example/w1")]
    [InlineData("witness serve --key k --state s")]
    [InlineData("witness serve --key k --state s --log nonsense")]
    [InlineData("witness serve --key k --state s --log witness.example/w1+e75f6532+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")]
    [InlineData("serve --data /tmp/somewhere")]
    [InlineData("serve --embedded --keys /tmp/somewhere")]
    [InlineData("jobs --data /tmp/somewhere --connection Host=nowhere")]
    public async Task Wrong_usage_is_told_on_standard_error_with_exit_code_2(string line)
    {
        var (exit, output, error) = await RunAsync([.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(line)]);
        Assert.Equal((ExitCodes.Usage, ""), (exit, output));
        Assert.StartsWith("ledger: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_told_with_what_to_do()
    {
        var (exit, _, error) = await RunAsync(["jobs", "--connection", "Host=127.0.0.1;Port=1;Username=u;Password=pw-of-mine;Database=d"]);
        Assert.Equal(ExitCodes.Failed, exit);
        Assert.Contains("the database cannot be reached", error, StringComparison.Ordinal);
        Assert.DoesNotContain("pw-of-mine", error, StringComparison.Ordinal);

        (exit, _, error) = await RunAsync(["jobs", "--connection", "Password=pw-of-mine;nonsense"]);
        Assert.Equal(ExitCodes.Failed, exit);
        Assert.Contains("the connection string cannot be read", error, StringComparison.Ordinal);
        Assert.DoesNotContain("pw-of-mine", error, StringComparison.Ordinal);

        (exit, _, error) = await RunAsync(["jobs", "--data", "/nowhere/ledger"]);
        Assert.Equal(ExitCodes.Failed, exit);
        Assert.Contains("there is no ledger in /nowhere/ledger", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bug_is_told_as_one_by_its_type_and_without_data()
    {
        var error = new StringWriter();
        Assert.Equal(ExitCodes.Failed, Failures.Tell(new FormatException("u-5e966499"), error));
        Assert.Equal(ExitCodes.Failed, Failures.Tell(new InvalidOperationException("u-5e966499"), error));
        Assert.Contains("FormatException: this is a bug", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("u-5e966499", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Stopped, Failures.Tell(new OperationCanceledException(), error));
    }

    [Fact]
    public async Task Keys_are_made_once_and_never_overwritten()
    {
        var folder = Path.Combine(Directory.CreateTempSubdirectory("ledger-cli-").FullName, "keys");
        try
        {
            var (exit, output, _) = await RunAsync(["key", "new", "--keys", folder]);
            Assert.Equal(ExitCodes.Done, exit);
            Assert.Contains(folder, output, StringComparison.Ordinal);
            var key = await File.ReadAllTextAsync(Path.Combine(folder, "service.key"));
            (exit, _, var error) = await RunAsync(["key", "new", "--keys", folder]);
            Assert.Equal(ExitCodes.Failed, exit);
            Assert.Contains("holds keys already", error, StringComparison.Ordinal);
            Assert.Equal(key, await File.ReadAllTextAsync(Path.Combine(folder, "service.key")));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
        }
    }

    [Fact]
    public void A_secret_is_printable_text_of_at_least_64_characters_whose_bytes_are_the_key()
    {
        var (id, secret) = RegistryStore.NewSecret();
        Assert.True(secret.Length >= 64);
        Assert.All(secret, character => Assert.True(char.IsAsciiLetterOrDigit((char)character) || character is (byte)'-' or (byte)'_'));
        Assert.NotEqual(id, RegistryStore.NewSecret().SecretId);
    }

    private static IEnumerable<string> Paths(Command command, string path) =>
        command.Subcommands.SelectMany(verb => (string[])[$"{path} {verb.Name}".Trim(), .. Paths(verb, $"{path} {verb.Name}")]);

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (await CommandLine.RunAsync(args, output, error), output.ToString(), error.ToString());
    }
}
