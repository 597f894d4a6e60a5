namespace Ledger.Chaos;

/// <summary>A death at each step of the log's writer.</summary>
public abstract class LogWriterKilledTests(Victim victim) : KilledTests(victim)
{
    private static readonly string[] s_points =
        ["log.before-commit", "log.after-commit", "log.checked", "log.signed", "log.stored", "log.published"];

    [SkippableFact]
    public async Task A_log_whose_writer_is_killed_at_every_step_goes_on_and_was_never_forked()
    {
        await using var scene = await Scene.SetAsync();
        // The node comes to its fault points with what was recorded before it started. The job runs once it was killed.
        await StartAsync(scene, s_points);
        await KillAtEachAsync(scene, s_points);
        await scene.EndsExactlyAsync(await scene.SubmitUntilAcceptedAsync());
        await scene.LogHoldsAsync();
    }

    public sealed class OfService() : LogWriterKilledTests(Victim.Service);

    [Collection(nameof(KillsPostgres))]
    public sealed class OfPostgres() : LogWriterKilledTests(Victim.Postgres);
}
