using System.Text.RegularExpressions;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Guides;

/// <summary>docs/marten.md, as far as tests run it.</summary>
internal static class MartenGuide
{
    /// <summary>A role in it that people replace by one of theirs.</summary>
    public const string Role = "bi_tool";

    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "marten.md")).ReplaceLineEndings("\n");

    /// <summary>What stands between fences of a language, in order.</summary>
    public static IReadOnlyList<string> Blocks(string markdown, string language) =>
        [.. Regex.Matches(
            markdown, $"^```{language}\n(?<block>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline, TimeSpan.FromSeconds(1))
            .Select(block => block.Groups["block"].Value)];

    /// <summary>The statements that make a role for readers, with another name.</summary>
    public static string RoleSql(string role, string password) =>
        string.Concat(Blocks(Text, "sql")).Replace(Role, role, StringComparison.Ordinal).Replace("…", password, StringComparison.Ordinal);

    /// <summary>The table of what is refused: to whom, what, the SQLSTATE, and the pieces of the message.</summary>
    public static IReadOnlyList<(string Who, string What, string SqlState, string[] Words)> Refusals { get; } =
    [
        .. Regex.Matches(
                Text, @"^\| (?<who>reader|service) \| (?<what>.*?) \| `(?<state>\w{5})` \| (?<words>.*) \|$", RegexOptions.Multiline,
                TimeSpan.FromSeconds(1))
            .Select(row => (
                row.Groups["who"].Value, row.Groups["what"].Value, row.Groups["state"].Value,
                row.Groups["words"].Value.Split('…', StringSplitOptions.TrimEntries))),
    ];
}
