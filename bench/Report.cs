using System.Globalization;

namespace Ledger.Bench;

/// <summary>One figure: what was measured beside its floor, round by round.</summary>
public sealed record Figure(
    string Name, string Unit, string Measured, string Floor, IReadOnlyList<double> MeasuredRounds, IReadOnlyList<double> FloorRounds,
    string Aim)
{
    /// <summary>The median of the rounds' ratios: both sides of a round met the same weather.</summary>
    public double Ratio => Median([.. MeasuredRounds.Zip(FloorRounds, (measured, floor) => measured / floor)]);

    public override string ToString() => FormattableString.Invariant(
        $"| {Name} | {Median(MeasuredRounds):N0} {Unit} | {Median(FloorRounds):N0} {Unit} | {Ratio:F2} | {Aim} | {MeasuredRounds.Count} |");

    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Puts the figures into docs/benchmarks.md, between its markers; the words around them are a person's.</summary>
public static class Report
{
    private const string Begin = "<!-- figures: written by bench -->";
    private const string End = "<!-- end of figures -->";

    public static void Write(IReadOnlyList<Figure> figures)
    {
        var file = Path.Combine(Root(), "docs", "benchmarks.md");
        var text = File.ReadAllText(file);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        var table = $"""
            {Begin}
            | | measured | floor | ratio (median of the rounds') | aim | rounds |
            |---|---:|---:|---:|---|---:|
            {string.Join('\n', figures)}

            Measured {TimeProvider.System.GetUtcNow().ToString(
                "yyyy-MM-dd",
                CultureInfo.InvariantCulture)}, {Environment.ProcessorCount} cores, client, service and PostgreSQL on the same machine.
            """;
        File.WriteAllText(file, text[..begin] + table + "\n" + text[end..]);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Ledger.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
