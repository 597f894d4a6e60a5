using Ledger.Database;
using Ledger.Database.Checks;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Database;

/// <summary>Rights and trigger modes, which <c>migrate</c> puts right each time: a restore may come without them.</summary>
public sealed class GrantsTests
{
    private const string Facts =
        """
        select string_agg(fact, E'\n' order by fact collate "C") from (
            select n.nspname || '.' || c.relname || ' '
                || array(select one::text from unnest(c.relacl) one where one::text not like 'ledger_owner=%' order by 1)::text as fact
            from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('ledger', 'conversations', 'wolverine')
            union all select n.nspname || ' '
                || array(select one::text from unnest(n.nspacl) one where one::text not like 'ledger_owner=%' order by 1)::text
            from pg_namespace n where n.nspname in ('ledger', 'conversations', 'wolverine')
            union all select c.relname || '.' || a.attname || ' ' || a.attacl::text
            from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace in ('ledger'::regnamespace, 'conversations'::regnamespace) and a.attacl is not null
            union all select p.proname || ' ' || coalesce(p.proacl::text, '')
                from pg_proc p where p.pronamespace in ('ledger'::regnamespace, 'conversations'::regnamespace)
            union all select t.tgname || ' ' || t.tgenabled::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where not t.tgisinternal and c.relnamespace = 'ledger'::regnamespace) facts
        """;

    private const string Restored =
        """
        do $$ declare x record; begin
            for x in select n.nspname, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname in ('ledger', 'conversations', 'wolverine') and c.relkind in ('r', 'v', 'S') loop
                execute format('revoke all on %s %I.%I from ledger_service, ledger_reader',
                    case x.relkind when 'S' then 'sequence' else 'table' end, x.nspname, x.relname);
            end loop;
            for x in select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where not t.tgisinternal and c.relnamespace = 'ledger'::regnamespace loop
                execute format('alter table ledger.%I enable trigger %I', x.relname, x.tgname);
            end loop;
        end $$;
        revoke all on schema ledger, conversations, wolverine from ledger_service, ledger_reader;
        revoke all on function ledger.mt_quick_append_events, ledger.lock_due_job, ledger.window_state, ledger.locked_job,
            conversations.has_conversation from ledger_service;
        grant execute on function ledger.mt_quick_append_events, ledger.mt_archive_stream, ledger.queue_for_log, ledger.lock_due_job,
            ledger.window_state, ledger.locked_job, conversations.has_conversation to public;
        """;

    [SkippableFact]
    public async Task After_a_restore_without_privileges_migrate_gives_them_again()
    {
        await using var cli = await CliDatabase.CreateAsync();
        var before = await cli.ScalarAsync<string>(Facts);
        await cli.ExecuteAsync(Restored);
        Assert.Contains("ledger migrate", await cli.RefusedAsync(1, "serve"), StringComparison.Ordinal);

        Assert.Equal("", (await CliDatabase.RunAsync(["migrate", "--connection", cli.Administrator])).Error);
        Assert.Equal(before, await cli.ScalarAsync<string>(Facts));
        await using var source = ServiceDatabase.Source(cli.Service);
        Assert.Null(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
    }

    /// <summary>Whatever the migrations made: a trigger or a right that the check's lists leave out fails here.</summary>
    [SkippableTheory]
    [InlineData(
        "select format('ledger.%I disable trigger %I', c.relname, t.tgname) from pg_trigger t join pg_class c on c.oid = t.tgrelid " +
        "where c.relnamespace = 'ledger'::regnamespace and t.tgenabled = 'A'", "alter table ")]
    [InlineData(
        "select distinct format('%s on %s %s.%I from ledger_service', lower(a.privilege_type), " +
        "case c.relkind when 'S' then 'sequence' else 'table' end, c.relnamespace::regnamespace, c.relname) " +
        "from pg_class c cross join aclexplode(c.relacl) a where a.grantee = 'ledger_service'::regrole " +
        "and c.relnamespace in ('ledger'::regnamespace, 'conversations'::regnamespace, 'wolverine'::regnamespace)", "revoke ")]
    [InlineData(
        "select format('update (%I) on ledger.%I from ledger_service', t.attname, c.relname) " +
        "from pg_attribute t join pg_class c on c.oid = t.attrelid cross join aclexplode(t.attacl) a " +
        "where c.relnamespace = 'ledger'::regnamespace and a.grantee = 'ledger_service'::regrole", "revoke ")]
    public async Task Everything_that_the_migrations_made_is_checked_and_put_right(string each, string does)
    {
        await using var cli = await CliDatabase.CreateAsync();
        await using var source = ServiceDatabase.Source(cli.Service);
        var ways = await cli.ScalarAsync<string[]>($"select array(select one from ({each}) as ways (one))");
        Assert.NotEmpty(ways);
        await using var owner = await ServiceDatabase.OwnerSource(cli.Administrator).OpenConnectionAsync();
        foreach (var way in ways)
        {
            await cli.ExecuteAsync(does + way);
            Assert.True(await ServiceDatabase.ProblemAsync(source, CancellationToken.None) is not null, way);
            await Grants.ApplyAsync(owner, CancellationToken.None);
            Assert.Null(await ServiceDatabase.ProblemAsync(source, CancellationToken.None));
        }
    }

    [SkippableFact]
    public async Task A_table_of_another_owner_is_named_with_its_cure()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.ExecuteAsync("alter table ledger.job_work owner to postgres; revoke all on ledger.job_work from ledger_service");
        var refused = await CliDatabase.RunAsync(["migrate", "--connection", cli.Administrator]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("alter table ledger.job_work owner to ledger_owner", refused.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Migrate_is_refused_to_the_service_itself()
    {
        await using var cli = await CliDatabase.CreateAsync();
        var refused = await CliDatabase.RunAsync(["migrate", "--connection", cli.Service]);
        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("not as ledger_service", refused.Error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Tables_that_the_service_owns_are_named_with_their_cure()
    {
        await using var cli = await CliDatabase.CreateAsync();
        await cli.ExecuteAsync("alter table ledger.mt_events owner to ledger_service");
        Assert.Contains("owner to", await cli.RefusedAsync(1, "serve"), StringComparison.Ordinal);
    }
}
