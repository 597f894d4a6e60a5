using Ledger.Audit;
using Ledger.Database.Checks;
using Ledger.Tests;
using Npgsql;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>
/// The live schema, a fact a line, is <c>Database/Checks/schema.csv</c>, which the audit goes by: indexes, triggers and grants too. After a
/// migration that is meant, write the file anew: <c>LEDGER_WRITE_GOLDEN=1 dotnet test --filter SchemaTests</c> fails and leaves the new
/// one.
/// </summary>
public sealed class SchemaTests
{
    [SkippableFact]
    public async Task The_live_schema_is_the_golden_files()
    {
        await using var database = await CreateAsync();
        var live = await FactsAsync(database);
        var file = Path.Combine(SourceTree.Root, "src", "Ledger", "Database", "Checks", "schema.csv");
        if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") == "1")
        {
            await File.WriteAllLinesAsync(file, [SchemaFacts.Header, .. live]);
            Assert.Fail($"{file} was written: look at its difference");
        }
        Assert.Equal(SchemaFacts.Expected, live);
    }

    /// <summary>What somebody could do who owns the database, and what the audit calls it.</summary>
    private static readonly (string Alteration, string Named)[] s_alterations =
    [
        ("drop trigger events_stay on ledger.mt_events", "the trigger events_stay of mt_events"),
        ("alter table ledger.log_runs disable trigger runs_stay", "the trigger runs_stay of log_runs"),
        ("create trigger another before insert on ledger.mt_events execute function ledger.accept_event()", "the trigger another of"),
        ("create or replace function ledger.refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp "
        + "as 'begin return new; end'", "the function refuse_change"),
        ("alter function ledger.accept_event() security definer", "the function accept_event"),
        ("alter function ledger.queue_for_log() reset search_path", "the function queue_for_log"),
        ("create or replace view ledger.published_log as "
        + "select origin, size, now() as published_at, size as tree_size, now() as covered_until from ledger.log_state",
        "the view published_log"),
        ("grant delete on ledger.mt_events to ledger_service", "the grant ledger_service of mt_events"),
        ("grant insert on ledger.mt_events to public", "the grant public of mt_events"),
        ("grant update (data) on ledger.mt_events to ledger_reader", "the grant ledger_reader of mt_events"),
        ("grant create on schema ledger to ledger_service", "the grant ledger_service of schema"),
        ("grant execute on function ledger.queue_for_log to public", "the grant public of function"),
        ("alter table ledger.change_log owner to postgres", "the owner change_log"),
        ("alter function ledger.refuse_change() owner to postgres", "the owner refuse_change"),
        ("create policy visible on ledger.mt_events using (version < 5)", "the policy visible of mt_events"),
        ("alter table ledger.mt_doc_bot force row level security", "the row security of mt_doc_bot"),
        ("create rule no_more as on delete to ledger.log_queue do instead nothing", "the rule no_more of log_queue"),
        ("create table public.more () inherits (ledger.mt_events)", "the child table"),
        ("alter table ledger.job_secrets set unlogged", "the unlogged of job_secrets"),
        ("alter table ledger.mt_events drop constraint fkey_mt_events_stream_id", "the constraint fkey_mt_events_stream_id of mt_events"),
        ("alter table ledger.mt_events alter column version drop not null", "the column version of mt_events"),
        ("drop index ledger.change_log_of_stream", "the index change_log_of_stream of change_log"),
        ("alter table ledger.mt_events alter column is_archived set default true", "the column is_archived of mt_events"),
        ("alter table ledger.mt_doc_bot alter column mt_version type numeric", "the column mt_version of mt_doc_bot"),
        ("alter table ledger.mt_streams add column more text", "the column more of mt_streams"),
        ("alter table conversations.items disable trigger all", "the constraint items_of_conversation of conversations.items"),
        ("alter table conversations.conversations enable row level security", "the row security of conversations.conversations"),
        ("alter role ledger_service bypassrls", "the role ledger_service"),
        ("grant ledger_owner to ledger_reader", "the role ledger_reader"),
        ("create unique index more on ledger.change_log (created_at, position)", "the index more of change_log"),
        ("create index more on ledger.mt_events (abs(version))", "the index more of mt_events"),
        ("drop index ledger.pk_mt_events_stream_and_version", "the index pk_mt_events_stream_and_version of mt_events"),
        ("alter sequence ledger.mt_events_sequence cache 10", "the sequence of mt_events_sequence"),
        ("alter table ledger.mt_events enable trigger events_stay", "the trigger events_stay of mt_events"),
        ("alter function ledger.mt_quick_append_events security definer", "the function mt_quick_append_events"),
    ];

    [SkippableFact]
    public async Task Whatever_is_altered_the_audit_names_it()
    {
        await using var database = await CreateAsync();
        await using var connection = await database.Superuser.OpenConnectionAsync();
        foreach (var (alteration, named) in s_alterations)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await ExecuteAsync(connection, alteration);
            Assert.Contains(await NamedAsync(connection), where => where.Split("; ").Any(
                one => one.StartsWith(named, StringComparison.Ordinal)));
            await transaction.RollbackAsync();
        }
        Assert.Empty(await NamedAsync(connection));
    }

    [SkippableFact]
    public async Task Each_of_several_differences_is_named()
    {
        await using var database = await CreateAsync();
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await ExecuteAsync(connection, "alter table ledger.change_log add column more text");
        await ExecuteAsync(connection, "drop trigger events_stay on ledger.mt_events");
        Assert.Equal(
            "the column more of change_log; the trigger events_stay of mt_events",
            Assert.Single(await NamedAsync(connection)).Split("; ").Order().Aggregate((one, other) => $"{one}; {other}"));
    }

    [SkippableFact]
    public async Task An_index_more_and_a_reader_more_are_the_operators_affair()
    {
        await using var database = await CreateAsync();
        await using var connection = await database.Superuser.OpenConnectionAsync();
        await ExecuteAsync(connection, "create index more on ledger.change_log (created_at)");
        await ExecuteAsync(connection, "grant select on ledger.mt_events to pg_monitor");
        Assert.Empty(await NamedAsync(connection));
    }

    private static async Task<IReadOnlyList<string>> NamedAsync(NpgsqlConnection connection)
    {
        var findings = new Findings();
        await SchemaAudit.RunAsync(connection, findings, CancellationToken.None);
        return [.. findings.All.Select(finding => finding.Where)];
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> FactsAsync(EventStoreDatabase database)
    {
        await using var connection = await database.Superuser.OpenConnectionAsync();
        return await SchemaFacts.ReadAsync(connection, CancellationToken.None);
    }
}
