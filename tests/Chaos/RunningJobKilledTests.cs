namespace Ledger.Chaos;

/// <summary>A death while a job resolves its list, deletes or ends.</summary>
public abstract class RunningJobKilledTests(Victim victim) : KilledTests(victim)
{
    [SkippableTheory]
    [InlineData("list.before-commit")]
    [InlineData("list.after-commit")]
    [InlineData("started.before-commit")]
    [InlineData("batch.before-commit")]
    [InlineData("batch.after-commit")]
    [InlineData("completed.before-commit")]
    [InlineData("completed.after-commit")]
    public async Task A_job_killed_while_it_runs_ends_exactly(string point)
    {
        await using var scene = await Scene.SetAsync();
        await scene.StartNodeAsync(point);
        var job = await scene.SubmitUntilAcceptedAsync();
        await scene.Node.FaultPointAsync();
        await KillAsync(scene);
        await scene.EndsExactlyAsync(job);
    }

    public sealed class OfService() : RunningJobKilledTests(Victim.Service);

    [Collection(nameof(KillsPostgres))]
    public sealed class OfPostgres() : RunningJobKilledTests(Victim.Postgres);
}
