using Xunit.Abstractions;

namespace Ledger.SystemTests.Scale;

/// <summary>
/// What a service does all the time reads few pages, however much the ledger holds and whatever the planner believes. The statements are
/// the product's own, in the sessions of its lanes.
/// </summary>
public sealed class ScaleTests(ScaleDatabase database, ITestOutputHelper output) : IClassFixture<ScaleDatabase>
{
    [SkippableTheory]
    [InlineData(Statistics.Empty, "force_custom_plan")]
    [InlineData(Statistics.Empty, "force_generic_plan")]
    [InlineData(Statistics.Stale, "force_custom_plan")]
    [InlineData(Statistics.Stale, "force_generic_plan")]
    [InlineData(Statistics.Fresh, "force_custom_plan")]
    [InlineData(Statistics.Fresh, "force_generic_plan")]
    public async Task Every_statement_keeps_within_its_bound(Statistics statistics, string planCacheMode) =>
        WithinBounds(await database.MeasureAllAsync(statistics, planCacheMode));

    [SkippableFact]
    public void A_claim_keeps_within_its_bound_with_the_plan_that_it_got_when_the_tables_were_small() =>
        WithinBounds(database.PlannedWhenSmall);

    [SkippableTheory]
    [InlineData("force_custom_plan")]
    [InlineData("force_generic_plan")]
    public async Task No_statement_scans_a_table_that_grows_for_ever(string planCacheMode) =>
        Assert.Empty(await database.ScannedAsync(planCacheMode));

    private void WithinBounds(IReadOnlyList<Measured> measured)
    {
        foreach (var one in measured)
            output.WriteLine($"{one}");
        var beyond = string.Join('\n', measured.Where(one => !one.IsWithinBound));
        Assert.True(beyond.Length == 0, beyond);
    }
}
