using System.Text.RegularExpressions;
using Ledger.SystemTests.Foreign;

namespace Ledger.SystemTests.Contract;

/// <summary><c>rules.md</c> is true: each rule names its scenarios, and each scenario is named.</summary>
public sealed partial class RulesTests
{
    /// <summary>The classes of the sections.</summary>
    private static readonly Type[] s_classes =
    [
        typeof(SubmitRules), typeof(PreviewRules), typeof(CaseRules), typeof(StatusRules), typeof(ChangeLogRules),
        typeof(AuthenticationRules), typeof(ErrorRules), typeof(CancelRules), typeof(HoldRules),
    ];

    [Fact]
    public void Every_rule_names_its_scenarios_and_every_scenario_is_named() => Assert.Empty(
        Problems(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Ledger.SystemTests", "Contract", "rules.md")), s_classes));

    [Theory]
    [InlineData("- A rule.", "no scenario: A rule.")]
    [InlineData("- A rule\n  of two lines.\n- Another.\n  - `X.Nobody`", "no scenario: A rule of two lines.")]
    [InlineData("- A rule.\n  - `SubmitRules.Nobody_wrote_this`", "there is no SubmitRules.Nobody_wrote_this")]
    [InlineData("- A rule.\n  - `SubmitRules.ToString`", "there is no SubmitRules.ToString")]
    [InlineData("", "no rule names SubmitRules.Null_means_absent")]
    public void Twin_a_table_that_is_not_true_is_seen(string table, string problem) => Assert.Contains(problem, Problems(table, s_classes));

    /// <summary>What is wrong with a table of rules.</summary>
    private static List<string> Problems(string table, Type[] classes)
    {
        var tests = typeof(RulesTests).Assembly.GetTypes().SelectMany(Tests).ToHashSet();
        var problems = new List<string>();
        var named = new HashSet<string>();
        foreach (var (rule, rows) in Rules(table))
        {
            if (rows.Count == 0)
                problems.Add($"no scenario: {rule}");
            foreach (var row in rows)
            {
                var scenarios = Scenario().Matches(row).Select(match => match.Groups["name"].Value).ToList();
                named.UnionWith(scenarios);
                problems.AddRange(scenarios.Where(name => !tests.Contains(name)).Select(name => $"there is no {name}"));
            }
        }
        return [.. problems, .. classes.SelectMany(Tests).Where(name => !named.Contains(name)).Select(name => $"no rule names {name}")];
    }

    private static IEnumerable<string> Tests(Type type) =>
        from method in type.GetMethods()
        where method.IsDefined(typeof(FactAttribute), inherit: true)
        select $"{type.Name}.{method.Name}";

    /// <summary>
    /// Rules begin with a hyphen, and what shows them with an indented one; all else that is indented goes on with the line before.
    /// </summary>
    private static List<(string Rule, List<string> Rows)> Rules(string table)
    {
        var rules = new List<(string Rule, List<string> Rows)>();
        foreach (var line in table.Split('\n'))
        {
            if (line.StartsWith("- ", StringComparison.Ordinal))
                rules.Add((line[2..].Trim(), []));
            else if (line.StartsWith("  - ", StringComparison.Ordinal))
                rules[^1].Rows.Add(line[4..].Trim());
            else if (line.StartsWith("  ", StringComparison.Ordinal) && rules is [.., var (rule, rows)])
            {
                if (rows.Count == 0)
                    rules[^1] = ($"{rule} {line.Trim()}", rows);
                else
                    rows[^1] = $"{rows[^1]} {line.Trim()}";
            }
        }
        return rules;
    }

    [GeneratedRegex(@"`(?<name>\w+\.\w+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Scenario();
}
