using System.Text.RegularExpressions;

namespace Ledger.Tests.Architecture;

/// <summary>A folder of <c>src/Ledger</c>, and the tables that only it writes.</summary>
internal sealed record Floor(int Number, string Folder, IReadOnlyList<string> Tables);

/// <summary>The floors as <c>docs/architecture.md</c> draws them, lowest first.</summary>
internal static partial class Floors
{
    public static IReadOnlyList<Floor> Drawn { get; } =
    [
        .. File.ReadLines(Path.Combine(SourceTree.Root, "docs/architecture.md")).Select(line => Row().Match(line)).Where(row => row.Success)
            .Select(row => new Floor(
                int.Parse(row.Groups["floor"].ValueSpan), row.Groups["folder"].Value,
                [.. Name().Matches(row.Groups["tables"].Value).Select(name => name.Groups["name"].Value)])),
    ];

    /// <summary>Place of each folder, from 0. Higher ones may use lower ones.</summary>
    public static IReadOnlyDictionary<string, int> Order { get; } =
        Drawn.Select((floor, place) => (floor.Folder, place)).ToDictionary(one => one.Folder, one => one.place, StringComparer.Ordinal);

    [GeneratedRegex(
        @"^\| (?<floor>\d+) \| \[`(?<folder>\w+)`\]\(\.\./src/Ledger/\k<folder>\) \| [^|]+ \|(?<tables>[^|]*)\|$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<name>[^`]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
