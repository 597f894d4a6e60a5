namespace Ledger.Chaos;

/// <summary>A death at a submission: it is one job or none, and one when it is repeated.</summary>
public abstract class SubmissionKilledTests(Victim victim) : KilledTests(victim)
{
    [SkippableTheory]
    [InlineData("submit.before-commit")]
    [InlineData("submit.after-commit")]
    public async Task A_submission_whose_answer_is_lost_is_one_job_when_it_is_repeated(string point)
    {
        await using var scene = await Scene.SetAsync();
        await scene.StartNodeAsync(point);
        var submission = scene.SubmitAsync();
        await scene.Node.FaultPointAsync(point);
        var recorded = await scene.Service.ScalarAsync<long>("select count(*) from ledger.mt_streams where type = 'job'");
        Assert.Equal(point == "submit.after-commit" ? 1 : 0, recorded);
        if (Victim == Victim.Service)
        {
            await scene.Node.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => submission);
            Assert.Equal(recorded, await scene.Service.ScalarAsync<long>("select count(*) from ledger.mt_streams where type = 'job'"));
            await scene.KillNodeAsync();
        }
        else
        {
            await scene.KillPostgresAsync();
            using var answer = await submission; // 202, or 503: whichever, repeating is safe
            Assert.Contains((int)answer.StatusCode, new[] { 202, 503 });
        }
        await scene.EndsExactlyAsync(await scene.SubmitUntilAcceptedAsync());
    }

    public sealed class OfService() : SubmissionKilledTests(Victim.Service);

    [Collection(nameof(KillsPostgres))]
    public sealed class OfPostgres() : SubmissionKilledTests(Victim.Postgres)
    {
        [SkippableFact]
        public async Task A_submission_whose_outcome_cannot_be_learnt_is_answered_5031_and_is_one_job_when_it_is_repeated()
        {
            await using var scene = await Scene.SetAsync();
            await scene.StartNodeAsync();
            // The submission is being committed when PostgreSQL dies: it may or may not have been, for all that the service can know.
            await scene.Service.WaitAtCommitAsync(4712);
            await using var holder = new Npgsql.NpgsqlConnection(
                new Npgsql.NpgsqlConnectionStringBuilder(scene.Service.Database.Superuser) { Pooling = false }.ConnectionString);
            await holder.OpenAsync();
            await using (var hold = new Npgsql.NpgsqlCommand("begin; select pg_advisory_xact_lock(4712)", holder))
                await hold.ExecuteNonQueryAsync();
            var submission = scene.SubmitAsync();
            await Scene.UntilAsync(
                "the submission waits for the lock",
                () =>
                    scene.Service.ScalarAsync<bool>(
                        "select exists (select from pg_stat_activity where datname = current_database() and application_name = 'ledger' "
                        + "and wait_event_type = 'Lock')"
                    )
            );
            await Scene.TakePostgresAwayAsync();
            using var answer = await submission;
            await Scene.BringPostgresBackAsync();
            await scene.Service.WaitAtCommitNoMoreAsync();
            Assert.Equal(
                """{"errors":[{"msg":"outcome unknown, repeat with the same Idempotency-Key","code":5031}]}""",
                await answer.Content.ReadAsStringAsync()
            );
            Assert.Equal(503, (int)answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            await scene.EndsExactlyAsync(await scene.SubmitUntilAcceptedAsync());
        }
    }
}
