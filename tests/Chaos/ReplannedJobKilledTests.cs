namespace Ledger.Chaos;

/// <summary>A death while a job is planned anew, because its window closes or conversations failed.</summary>
public abstract class ReplannedJobKilledTests(Victim victim) : KilledTests(victim)
{
    private static readonly string[] s_closing = ["window-closed.before-commit", "window-closed.after-commit"];
    private static readonly string[] s_retry = ["retry.before-commit", "retry.after-commit"];

    [SkippableFact]
    public async Task A_job_killed_at_its_windows_close_goes_on_in_the_next_opening()
    {
        await using var scene = await Scene.SetAsync();
        // Somebody holds a conversation of the second batch, so that the window can close under it.
        await using var holder = new Npgsql.NpgsqlConnection(scene.Service.Database.Superuser);
        await holder.OpenAsync();
        await using (
            var hold = new Npgsql.NpgsqlCommand(
                "begin; select from conversations.conversations where conversation_id = 'theirs-01500' for update", holder)
        )
            await hold.ExecuteNonQueryAsync();
        await StartAsync(scene, s_closing);
        var job = await scene.SubmitUntilAcceptedAsync();
        await Scene.UntilAsync(
            "the second batch waits for the lock",
            () =>
                scene.Service.ScalarAsync<bool>(
                    "select exists (select from pg_stat_activity where datname = current_database() and application_name = 'ledger "
                    + "lanes' and wait_event_type = 'Lock')"
                )
        );
        await scene.Service.Clock.AdvanceAsync(TimeSpan.FromHours(3));
        await using (var release = new Npgsql.NpgsqlCommand("commit", holder))
            await release.ExecuteNonQueryAsync();
        await KillAtEachAsync(scene, s_closing);
        await scene.EndsExactlyAsync(job);
        Assert.Equal(
            1,
            await scene.Service.ScalarAsync<long>(
                "select count(*) from ledger.mt_events where type = 'scheduled' and data->>'reason' = 'window_closed'")
        );
    }

    [SkippableFact]
    public async Task A_job_killed_at_a_retry_ends_exactly()
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
        await StartAsync(scene, s_retry);
        var job = await scene.SubmitUntilAcceptedAsync();
        await KillAtEachAsync(scene, s_retry);
        await Scene.UntilAsync(
            "the retry is planned",
            async () => (await scene.Service.StatusAsync(job)).GetProperty("phase").GetString() == "retrying");
        var result = (await scene.Service.StatusAsync(job)).GetProperty("result");
        Assert.Equal(2, result.GetProperty("failedCount").GetInt64());
        Assert.Equal(2, result.GetProperty("retriesRemaining").GetInt64());
        await scene.Service.ExecuteAsync("delete from public.refused");
        await scene.Service.Clock.AdvanceAsync(TimeSpan.FromMinutes(2));
        await scene.EndsExactlyAsync(job);
    }

    public sealed class OfService() : ReplannedJobKilledTests(Victim.Service);

    [Collection(nameof(KillsPostgres))]
    public sealed class OfPostgres() : ReplannedJobKilledTests(Victim.Postgres);
}
