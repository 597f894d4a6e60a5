using Npgsql;

namespace Ledger.SystemTests;

/// <summary>
/// A clock that a test sets, for the process and for its database alike: in the test's database, <c>clock_timestamp()</c> is replaced by a
/// function that adds the same offset, so that windows open and close, and retries come due, without waiting.
/// </summary>
public sealed class TestClock(string superuser) : TimeProvider
{
    private TimeSpan _offset;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _offset;

    /// <summary>Makes both clocks show <paramref name="now"/>; they go on from there.</summary>
    public async Task SetAsync(DateTimeOffset now) => await AdvanceAsync(now - GetUtcNow());

    public async Task AdvanceAsync(TimeSpan by)
    {
        _offset += by;
        await using var connection = new NpgsqlConnection(superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("update test_clock.shift set by = $1", connection)
        {
            Parameters = { new() { Value = _offset } },
        };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Prepares a database, and those that are copied from it.</summary>
    internal static async Task InstallAsync(TestDatabase database)
    {
        await using var connection = new NpgsqlConnection(database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            create schema test_clock;
            create table test_clock.shift (by interval not null);
            insert into test_clock.shift values ('0');
            set allow_system_table_mods = on;
            alter function pg_catalog.clock_timestamp() rename to machine_clock_timestamp;
            create function test_clock.clock_timestamp() returns timestamptz language sql volatile
                as 'select pg_catalog.machine_clock_timestamp() + (select by from test_clock.shift)';
            create function pg_catalog.clock_timestamp() returns timestamptz language sql volatile as 'select test_clock.clock_timestamp()';
            do $$
            declare v_set text;
            begin
                -- Defaults name the function that was renamed.
                for v_set in
                    select format('alter table %s alter column %I set default %s', d.adrelid::regclass, a.attname,
                        replace(pg_get_expr(d.adbin, d.adrelid), 'machine_clock_timestamp', 'clock_timestamp'))
                    from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
                    where pg_get_expr(d.adbin, d.adrelid) like '%machine_clock_timestamp%' loop
                    execute v_set;
                end loop;
            end $$;
            grant usage on schema test_clock to public;
            grant select on test_clock.shift to public;
            """, connection);
        await command.ExecuteNonQueryAsync();
    }
}
