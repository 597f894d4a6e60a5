namespace Ledger.SystemTests;

/// <summary>What a test needs of the machine.</summary>
internal static class Requires
{
    /// <summary>
    /// Skips the running <c>[SkippableFact]</c>, saying why, when the machine lacks something; with <c>LEDGER_TESTS_REQUIRE_ALL=1</c> it
    /// fails instead, so that nothing is skipped unseen where everything is installed.
    /// </summary>
    public static void That(bool present, string why)
    {
        if (present) return;
        if (Environment.GetEnvironmentVariable("LEDGER_TESTS_REQUIRE_ALL") == "1") Assert.Fail($"Required here: {why}");
        Skip.If(true, why);
    }
}
