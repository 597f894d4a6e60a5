namespace Ledger.Chaos;

/// <summary>Deaths while a job resolves its list, deletes and ends.</summary>
public abstract class RunningJobKilledTests(Victim victim) : KilledTests(victim)
{
    private static readonly string[] s_points =
    [
        "list.before-commit", "list.after-commit", "started.before-commit",
        "batch.before-commit", "batch.after-commit", "completed.before-commit", "completed.after-commit",
    ];

    [SkippableFact]
    public async Task A_job_killed_at_every_step_ends_exactly()
    {
        await using var scene = await Scene.SetAsync();
        await StartAsync(scene, s_points);
        var job = await scene.SubmitUntilAcceptedAsync();
        await KillAtEachAsync(scene, s_points);
        await scene.EndsExactlyAsync(job);
    }

    [SkippableFact]
    public async Task A_turn_that_is_killed_between_its_last_commit_and_the_end_of_its_message_is_repeated_without_harm()
    {
        await using var scene = await Scene.SetAsync();
        await StartAsync(scene, "turn.before-end");
        var job = await scene.SubmitUntilAcceptedAsync();
        await KillAtEachAsync(scene, "turn.before-end");
        await Scene.UntilAsync(
            "the message is handled",
            () =>
                scene.Service.ScalarAsync<bool>(
                    "select not exists (select from wolverine.wolverine_incoming_envelopes where status <> 'Handled' and message_type = "
                    + "'wake_window')"
                )
        );
        await scene.EndsExactlyAsync(job);
    }

    public sealed class OfService() : RunningJobKilledTests(Victim.Service);

    [Collection(nameof(KillsPostgres))]
    public sealed class OfPostgres() : RunningJobKilledTests(Victim.Postgres);
}
