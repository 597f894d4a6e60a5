namespace Ledger.Chaos;

/// <summary>SIGKILL of the service. Each test kills a process of its own, so these run beside the other tests.</summary>
public sealed class ServiceKilledTests() : KilledTests(Victim.Service);

/// <summary>SIGKILL of PostgreSQL, the server of all tests: these run alone, after the others.</summary>
[Collection(nameof(KillsPostgres))]
public sealed class PostgresKilledTests() : KilledTests(Victim.Postgres)
{
    [SkippableFact]
    public async Task A_submission_whose_outcome_cannot_be_learnt_is_answered_5031_and_is_one_job_when_it_is_repeated()
    {
        await using var scene = await Scene.SetAsync();
        await scene.StartNodeAsync();
        // The submission's transaction is under way when PostgreSQL dies: it may or may not have been committed, for all that the service can know.
        await using var holder = new Npgsql.NpgsqlConnection(new Npgsql.NpgsqlConnectionStringBuilder(scene.Service.Database.Superuser) { Pooling = false }.ConnectionString);
        await holder.OpenAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("begin; lock table ledger.job_secrets in access exclusive mode", holder))
            await hold.ExecuteNonQueryAsync();
        var submission = scene.SubmitAsync();
        await Scene.UntilAsync("the submission waits for the lock", () => scene.Service.ScalarAsync<bool>(
            "select exists (select from pg_stat_activity where datname = current_database() and application_name = 'ledger' and wait_event_type = 'Lock')"));
        await Scene.TakePostgresAwayAsync();
        using var answer = await submission;
        await Scene.BringPostgresBackAsync();
        Assert.Equal("""{"errors":[{"msg":"outcome unknown, repeat with the same Idempotency-Key","code":5031}]}""", await answer.Content.ReadAsStringAsync());
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        await scene.EndsExactlyAsync(await scene.SubmitUntilAcceptedAsync());
    }
}

[CollectionDefinition(nameof(KillsPostgres), DisableParallelization = true)]
public sealed class KillsPostgres;

public enum Victim
{
    Service,
    Postgres,
}

/// <summary>
/// SIGKILL of the victim while the service stands at a named point; whatever was killed is started again and the job must end with exact counts and one outcome per ordinal.
/// </summary>
public abstract class KilledTests(Victim victim)
{
    [SkippableTheory]
    [InlineData("submit.before-commit")]
    [InlineData("submit.after-commit")]
    public async Task A_submission_whose_answer_is_lost_is_one_job_when_it_is_repeated(string point)
    {
        await using var scene = await Scene.SetAsync();
        await scene.StartNodeAsync(point);
        var submission = scene.SubmitAsync();
        await scene.Node.FaultPointAsync();
        var recorded = await scene.Service.ScalarAsync<long>("select count(*) from ledger.mt_streams where type = 'deletion_job'");
        Assert.Equal(point == "submit.after-commit" ? 1 : 0, recorded);
        await KillAsync(scene);
        if (victim == Victim.Service)
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => submission);
            Assert.Equal(recorded, await scene.Service.ScalarAsync<long>("select count(*) from ledger.mt_streams where type = 'deletion_job'"));
        }
        else
        {
            using var answer = await submission; // 202, or 503: whichever, repeating is safe
            Assert.Contains((int)answer.StatusCode, new[] { 202, 503 });
        }
        await scene.EndsExactlyAsync(await scene.SubmitUntilAcceptedAsync());
    }

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

    [SkippableTheory]
    [InlineData("window-closed.before-commit")]
    [InlineData("window-closed.after-commit")]
    public async Task A_job_killed_at_its_windows_close_goes_on_in_the_next_opening(string point)
    {
        await using var scene = await Scene.SetAsync();
        // Somebody holds a conversation of the second batch, so that the window can close under it.
        await using var holder = new Npgsql.NpgsqlConnection(scene.Service.Database.Superuser);
        await holder.OpenAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("begin; select from conversations.conversations where conversation_id = 'theirs-01500' for update", holder))
            await hold.ExecuteNonQueryAsync();
        await scene.StartNodeAsync(point);
        var job = await scene.SubmitUntilAcceptedAsync();
        await Scene.UntilAsync("the second batch waits for the lock", () => scene.Service.ScalarAsync<bool>(
            "select exists (select from pg_stat_activity where datname = current_database() and application_name = 'ledger lanes' and wait_event_type = 'Lock')"));
        await scene.Service.Clock.AdvanceAsync(TimeSpan.FromHours(3));
        await using (var release = new Npgsql.NpgsqlCommand("commit", holder))
            await release.ExecuteNonQueryAsync();
        await scene.Node.FaultPointAsync();
        await KillAsync(scene);
        await scene.EndsExactlyAsync(job);
        Assert.Equal(1, await scene.Service.ScalarAsync<long>("select count(*) from ledger.mt_events where type = 'scheduled' and data->>'reason' = 'window_closed'"));
    }

    [SkippableTheory]
    [InlineData("retry.before-commit")]
    [InlineData("retry.after-commit")]
    public async Task A_job_killed_at_a_retry_ends_exactly(string point)
    {
        await using var scene = await Scene.SetAsync();
        await scene.Service.ExecuteAsync(
            """
            create table public.refused (conversation_id text primary key);
            grant select on public.refused to public;
            insert into public.refused values ('theirs-00007'), ('theirs-02222');
            create function public.refuse() returns trigger language plpgsql as $$
            begin
                if exists (select from public.refused r where r.conversation_id = old.conversation_id) then raise exception 'no'; end if;
                return old;
            end $$;
            create trigger refuse before delete on conversations.conversations for each row execute function public.refuse();
            """);
        await scene.StartNodeAsync(point);
        var job = await scene.SubmitUntilAcceptedAsync();
        await scene.Node.FaultPointAsync();
        await KillAsync(scene);
        await Scene.UntilAsync("the retry is planned", async () => (await scene.Service.StatusAsync(job)).GetProperty("phase").GetString() == "retrying");
        var result = (await scene.Service.StatusAsync(job)).GetProperty("result");
        Assert.Equal(2, result.GetProperty("failedCount").GetInt64());
        Assert.Equal(2, result.GetProperty("retriesRemaining").GetInt64());
        await scene.Service.ExecuteAsync("delete from public.refused");
        await scene.Service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));
        await scene.EndsExactlyAsync(job);
    }

    private Task KillAsync(Scene scene) => victim == Victim.Service ? scene.KillNodeAsync() : scene.KillPostgresAsync();
}
