using System.Text.RegularExpressions;
using Ledger.SystemTests.Database;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Guides;

/// <summary>What the guides tell people to type works.</summary>
public sealed class GuideTests
{
    [SkippableTheory]
    [InlineData("README.md")]
    [InlineData("docs/operations.md")]
    public async Task Every_command_of_the_guide_works_as_it_stands_there(string guide)
    {
        Requires.That(Tool.Path("bash") is not null && Tool.Path("curl") is not null, "bash and curl (Debian: apt install curl)");
        await using var folder = await ScratchFolder.CreateAsync();
        var shell = new GuideShell(folder.Path);
        var blocks = GuideShell.Blocks(await ReadAsync(guide));
        Assert.NotEmpty(blocks);
        foreach (var block in blocks)
            shell.Add(block);
        var (code, said) = await shell.RunAsync();
        Assert.True(code == 0, $"{code}: {said}");
    }

    [SkippableFact]
    public async Task A_command_that_fails_is_told()
    {
        Requires.That(Tool.Path("bash") is not null, "bash");
        await using var folder = await ScratchFolder.CreateAsync();
        var shell = new GuideShell(folder.Path);
        foreach (var block in GuideShell.Blocks("```sh\nledger bot list --data ./nothing-here\n```\n\n```text\nnot run\n```\n"))
            shell.Add(block);
        var (code, said) = await shell.RunAsync();
        Assert.NotEqual(0, code);
        Assert.Contains("nothing-here", said, StringComparison.Ordinal);
        Assert.DoesNotContain("not run", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_message_that_the_operations_guide_explains_is_one_that_the_service_has()
    {
        var source = string.Concat(
            Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Ledger"), "*.*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".cs" or ".sql").Select(File.ReadAllText)).Replace("''", "'");
        // A message that is longer than a line is put together of several.
        source = Regex.Replace(source, @"""\s*\+\s*\$?""", "", RegexOptions.None, TimeSpan.FromSeconds(10));
        var messages = (await ReadAsync("docs/operations.md"))
            .Split('\n')
            .SkipWhile(line => !line.StartsWith("| `/health/ready` says", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .SelectMany(line => line.Split('|')[1].Split('`').Where((_, index) => index % 2 == 1))
            .ToList();
        Assert.True(messages.Count > 10);
        foreach (var message in messages)
        {
            // Before the colon is the check's name; an ellipsis stands for what differs.
            var text = message.Contains(": ", StringComparison.Ordinal)
                ? message[(message.IndexOf(": ", StringComparison.Ordinal) + 2)..]
                : message;
            foreach (var part in text.Split('…', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                Assert.True(Known(source, part), $"nothing says '{part}'");
        }
    }

    /// <summary>In parts, since the check's name, an attempt's words and a path's are put in.</summary>
    private static bool Known(string source, string part) =>
        source.Contains(part, StringComparison.Ordinal)
        || part.Split(" start, ").Length == 2 && part.Split(" start, ").All(piece => source.Contains(piece, StringComparison.Ordinal))
        || part.Split(" follow the registry, ").Length == 2
            && part.Split(" follow the registry, ").All(piece => source.Contains(piece, StringComparison.Ordinal))
        || part.Split(": ").Length == 2 && part.Split(": ").All(piece => source.Contains(piece, StringComparison.Ordinal));

    private static Task<string> ReadAsync(string guide) => File.ReadAllTextAsync(Path.Combine(Repository.Root, guide));
}
