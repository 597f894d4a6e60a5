namespace Ledger.Chaos;

/// <summary>A death at each step of the log's writer.</summary>
public abstract class LogWriterKilledTests(Victim victim) : KilledTests(victim)
{
    [SkippableTheory]
    [InlineData("log.before-commit")]
    [InlineData("log.after-commit")]
    [InlineData("log.checked")]
    [InlineData("log.signed")]
    [InlineData("log.stored")]
    [InlineData("log.published")]
    public async Task A_log_whose_writer_is_killed_goes_on_and_was_never_forked(string point)
    {
        await using var scene = await Scene.SetAsync();
        // The node comes to its fault point with what was recorded before it started; the job runs once it was killed.
        await scene.StartNodeAsync(point);
        await scene.Node.FaultPointAsync();
        await KillAsync(scene);
        await scene.EndsExactlyAsync(await scene.SubmitUntilAcceptedAsync());
        await scene.LogHoldsAsync();
    }

    public sealed class OfService() : LogWriterKilledTests(Victim.Service);

    [Collection(nameof(KillsPostgres))]
    public sealed class OfPostgres() : LogWriterKilledTests(Victim.Postgres);
}
