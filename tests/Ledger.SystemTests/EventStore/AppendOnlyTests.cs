using Npgsql;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>With the service's own credentials, nothing that is recorded can be changed or removed; nor by cascades as superuser.</summary>
public sealed class AppendOnlyTests
{
    private const string Denied = PostgresErrorCodes.InsufficientPrivilege;
    private const string Refused = "LV001";

    /// <summary>Every fact: events, streams, and what became of each ordinal.</summary>
    private const string Facts =
        """
        select md5(concat((select string_agg(e::text, '|' order by seq_id)
            from ledger.mt_events e), (select string_agg(s::text, '|' order by id) from ledger.mt_streams s),
            (select string_agg(m::text, '|' order by row_number) from ledger.job_manifest m)))
        """;

    private static async Task<EventStoreDatabase> RecordedAsync()
    {
        var database = await CreateAsync();
        await database.AppendAsync(Stream("a"), 0, Event("1"), Event("2"));
        await database.AppendAsync(Stream("b"), 0, Event("3"));
        // Ordinals: pending, deleted, skipped (not found), failed (locked).
        await using var command = database.Service.CreateCommand(
            """
            insert into ledger.job_manifest (job_id, row_number, size, subtree_root, sealed, outcomes, open_count)
            values ($1, 0, 4, sha256('root'), 'sealed', '\x00011222', 2)
            """);
        command.Parameters.Add(new() { Value = Stream("a") });
        await command.ExecuteNonQueryAsync();
        return database;
    }

    [SkippableFact]
    public async Task Every_way_to_change_or_remove_a_recorded_fact_is_refused_to_the_service()
    {
        await using var database = await RecordedAsync();
        var facts = await database.ScalarAsync<string>(Facts);
        foreach (var (sql, expected) in Attempts().Concat(await ColumnUpdatesAsync(database)))
        {
            await using var command = database.Service.CreateCommand(sql);
            var refusal = await Record.ExceptionAsync(() => command.ExecuteNonQueryAsync());
            Assert.True(refusal is PostgresException p && p.SqlState == expected, $"{sql}: {refusal?.Message ?? "was let through"}");
            Assert.True(facts == await database.ScalarAsync<string>(Facts), $"{sql}: changed something");
        }
    }

    /// <summary>Statements, and the SQLSTATE that each must meet.</summary>
    private static IEnumerable<(string Sql, string Expected)> Attempts()
    {
        string[] tables = ["mt_events", "mt_streams", "job_manifest"];
        foreach (var table in tables)
        {
            yield return ($"delete from ledger.{table}", Denied);
            yield return ($"truncate ledger.{table}", Denied);
            yield return ($"truncate ledger.{table} cascade", Denied);
            yield return ($"alter table ledger.{table} disable trigger all", Denied);
            yield return ($"alter table ledger.{table} drop column outcomes", Denied);
            yield return ($"drop table ledger.{table} cascade", Denied);
            yield return ($"alter table ledger.{table} owner to ledger_service", Denied);
            yield return ($"create rule lost as on insert to ledger.{table} do instead nothing", Denied);
            yield return (
                $"create trigger lost before insert on ledger.{table} for each row execute function suppress_redundant_updates_trigger()",
                Denied);
            yield return ($"merge into ledger.{table} t using (select 1) s on true when matched then delete", Denied);
        }
        yield return ("truncate ledger.mt_event_progression, ledger.mt_events, ledger.mt_streams", Denied);
        yield return ("drop trigger events_stay on ledger.mt_events", Denied);
        yield return ("alter table ledger.mt_events enable replica trigger events_stay", Denied);
        yield return ("drop schema ledger cascade", Denied);
        yield return ("drop index ledger.pk_mt_events_stream_and_version", Denied);
        yield return (
            "create or replace function ledger.refuse_change() returns trigger language plpgsql as 'begin return old; end'", Denied);
        yield return ("create table ledger.more (id integer)", Denied);
        yield return ("create view ledger.more as select 1", Denied);
        yield return ("create extension dblink", Denied);
        yield return ("set session_replication_role = replica", Denied);
        yield return ("set role ledger_owner", Denied);
        yield return ("set role postgres", Denied);
        yield return ("set session authorization ledger_owner", Denied);
        yield return ("reassign owned by ledger_owner to ledger_service", Denied);
        yield return ("drop owned by ledger_owner", Denied);
        yield return ("copy ledger.mt_events to program 'true'", Denied);
        yield return ("copy ledger.mt_events from program 'true'", Denied);
        yield return ("copy ledger.mt_events from '/dev/null'", Denied);
        yield return ("select setval('ledger.mt_events_sequence', 1)", Denied);
        yield return ("alter sequence ledger.mt_events_sequence restart", Denied);
        yield return ("update pg_class set relowner = relowner", Denied);
        foreach (var attempt in Rewrites())
            yield return attempt;
    }

    private static IEnumerable<(string Sql, string Expected)> Rewrites()
    {
        // At no instant: the default is Marten's.
        const string Insert = "insert into ledger.mt_events (seq_id, id, stream_id, version, data, type)";
        yield return (
            $"{Insert} select nextval('ledger.mt_events_sequence'), gen_random_uuid(), stream_id, version, '{{}}', type from "
            + "ledger.mt_events",
            PostgresErrorCodes.UniqueViolation);
        yield return (
            $"{Insert} select seq_id, gen_random_uuid(), stream_id, version + 100, '{{}}', type from ledger.mt_events",
            PostgresErrorCodes.UniqueViolation);
        yield return (
            $"{Insert} select nextval('ledger.mt_events_sequence'), gen_random_uuid(), stream_id, version, '{{}}', type from "
            + "ledger.mt_events on conflict (stream_id, version) do update set data = excluded.data",
            Denied);
        yield return ($"merge into ledger.mt_events t using (select 1) s on true when matched then update set data = '{{}}'", Denied);
        yield return (
            "insert into ledger.mt_streams (id, type, version) select id, type, 1 from ledger.mt_streams "
            + "on conflict (id) do update set version = excluded.version", Refused);
        yield return ("insert into ledger.mt_streams (id, type, version) select id, type, 1 from ledger.mt_streams",
            PostgresErrorCodes.UniqueViolation);
        yield return ("update ledger.mt_streams set version = version - 1", Refused);
        yield return ("update ledger.mt_streams set version = null", Refused);
        yield return ("merge into ledger.mt_streams t using (select 1) s on true when matched then update set version = 0", Refused);
        // Ordinals 1 and 2 are settled, and none becomes pending again.
        yield return (@"update ledger.job_manifest set outcomes = '\x00001222'", Refused);
        yield return (@"update ledger.job_manifest set outcomes = '\x00021222'", Refused);
        yield return (@"update ledger.job_manifest set outcomes = '\x00211222'", Refused);
        yield return (@"update ledger.job_manifest set outcomes = '\x00010122'", Refused);
        yield return (@"update ledger.job_manifest set outcomes = '\x00011322'", Refused);
        yield return (@"update ledger.job_manifest set outcomes = '\x00011200'", Refused);
        yield return (@"update ledger.job_manifest set sealed = 'other'", Refused);
        yield return (
            @"insert into ledger.job_manifest select * from ledger.job_manifest on conflict (job_id, row_number) "
                + @"do update set outcomes = '\x00001222'",
            Refused);
    }

    /// <summary>Every column that the service may not change: even to write what is there takes the right.</summary>
    private static async Task<IEnumerable<(string Sql, string Expected)>> ColumnUpdatesAsync(EventStoreDatabase database)
    {
        string[] allowed = ["mt_streams.version", "mt_streams.timestamp", "job_manifest.sealed", "job_manifest.outcomes",
            "job_manifest.open_count"];
        var columns = await database.ScalarAsync<string[]>(
            "select array_agg(table_name || '.' || column_name) from information_schema.columns where table_schema = 'ledger' and "
            + "table_name in ('mt_events', 'mt_streams', 'job_manifest')"
        );
        Assert.Empty(allowed.Except(columns));
        return columns
            .Except(allowed)
            .Select(column => column.Split('.'))
            .Select(c => ($"update ledger.{c[0]} set \"{c[1]}\" = \"{c[1]}\"", Denied));
    }

    [SkippableTheory]
    [InlineData("update ledger.mt_streams set version = version + 1, timestamp = now()", 2)]
    [InlineData(@"update ledger.job_manifest set outcomes = '\x01011201', open_count = 0", 1)] // the retry deletes what failed
    [InlineData(@"update ledger.job_manifest set outcomes = '\x23011221'", 1)] // fails, and fails again for another reason
    [InlineData("update ledger.job_manifest set sealed = null", 1)] // forgotten
    public async Task What_appending_settling_and_forgetting_need_is_allowed(string sql, int rows)
    {
        await using var database = await RecordedAsync();
        await using var command = database.Service.CreateCommand(sql);
        Assert.Equal(rows, await command.ExecuteNonQueryAsync());
    }

    [SkippableTheory]
    [InlineData("delete from ledger.mt_events")]
    [InlineData("delete from ledger.mt_streams")]
    [InlineData("truncate ledger.mt_events")]
    [InlineData("truncate ledger.mt_streams cascade")]
    [InlineData("truncate ledger.mt_streams, ledger.mt_events")]
    [InlineData("update ledger.mt_events set data = '{}'")]
    [InlineData("update ledger.mt_events set timestamp = now()")]
    [InlineData("update ledger.mt_events set is_archived = true")]
    [InlineData("update ledger.mt_events set bdata = 'other'")]
    [InlineData("update ledger.mt_events set tenant_id = 'other'")]
    [InlineData("update ledger.mt_streams set is_archived = true")]
    [InlineData("update ledger.mt_streams set compacted_version = 1")]
    [InlineData("select ledger.mt_archive_stream((select id from ledger.mt_streams limit 1))")]
    [InlineData("update ledger.mt_events set version = version + 100")]
    [InlineData("update ledger.mt_streams set type = 'other'")]
    [InlineData("update ledger.mt_streams set created = created - interval '1 day'")]
    [InlineData("update ledger.mt_streams set version = 0")]
    [InlineData(@"update ledger.job_manifest set outcomes = '\x00001222'")]
    [InlineData("update ledger.job_manifest set subtree_root = sha256('other')")]
    // Only the events' own triggers are left to stop the cascade.
    [InlineData("alter table ledger.mt_streams disable trigger streams_stay; delete from ledger.mt_streams")]
    [InlineData("alter table ledger.mt_streams disable trigger streams_are_not_truncated; truncate ledger.mt_streams cascade")]
    public async Task Even_a_superuser_must_take_a_trigger_away_first_with_replication_off_or_on(string sql)
    {
        await using var database = await RecordedAsync();
        var facts = await database.ScalarAsync<string>(Facts);
        foreach (var role in new[] { "origin", "replica" })
        {
            // As replica, foreign keys do not cascade: with the streams' trigger gone too, nothing would be left to stop it, and no event
            // goes.
            if (role == "replica"
                && sql.StartsWith("alter table", StringComparison.Ordinal)
                && sql.Contains("delete", StringComparison.Ordinal))
                continue;
            var refusal = await Assert.ThrowsAsync<PostgresException>(() =>
                database.ExecuteAsync($"begin; set local session_replication_role = {role}; {sql}; commit")
            );
            Assert.Equal(Refused, refusal.SqlState);
            Assert.Equal(facts, await database.ScalarAsync<string>(Facts));
        }
    }

    [SkippableFact]
    public async Task The_service_cannot_grant_itself_what_it_lacks()
    {
        await using var database = await RecordedAsync();
        // PostgreSQL answers such a GRANT with a warning, and grants nothing.
        await using var grant = database.Service.CreateCommand(
            "grant all on ledger.mt_events, ledger.mt_streams, ledger.job_manifest to ledger_service");
        await grant.ExecuteNonQueryAsync();
        Assert.Equal(
            "",
            await database.ScalarAsync<string>(
                """
                select concat_ws(', ', variadic array(
                    select t || ' ' || p
                        from unnest(array['mt_events', 'mt_streams', 'job_manifest']) t, unnest(array['update', 'delete', 'truncate',
                        'trigger']) p
                    where has_table_privilege('ledger_service', 'ledger.' || t, p)))
                """
            )
        );
    }

    [SkippableFact]
    public async Task No_function_of_the_service_runs_with_more_rights_than_its_own()
    {
        await using var database = await RecordedAsync();
        Assert.Equal(
            0,
            await database.ScalarAsync<long>(
                """
                select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
                    and has_function_privilege('ledger_service', p.oid, 'execute')
                """
            )
        );
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from pg_auth_members where member = 'ledger_service'::regrole"));
        Assert.False(
            await database.ScalarAsync<bool>(
                "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls from pg_roles where rolname = "
                + "'ledger_service'"
            )
        );
    }
}
