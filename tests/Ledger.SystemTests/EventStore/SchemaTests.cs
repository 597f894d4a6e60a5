using System.Text.RegularExpressions;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>
/// The live schema, a fact a line, is <c>Golden/schema.csv</c>: indexes, triggers and grants too. After a migration that is meant, write
/// the file anew: <c>LEDGER_WRITE_GOLDEN=1 dotnet test --filter SchemaTests</c> fails and leaves the new one.
/// </summary>
public sealed class SchemaTests
{
    /// <summary>Marten's default of an event's instant is a constant: the instant at which the table was made. No append leaves it to
    /// that.</summary>
    private static readonly Regex MadeAt = new(
        @"'\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+\+\d\d'(?=::timestamp with time zone)", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static readonly string s_query = File.ReadAllText(InSource("EventStore", "SchemaTests.sql"));

    [SkippableFact]
    public async Task The_live_schema_is_the_golden_files()
    {
        await using var database = await CreateAsync();
        var live = await FactsAsync(database);
        var file = InSource("Golden", "schema.csv");
        if (Environment.GetEnvironmentVariable("LEDGER_WRITE_GOLDEN") == "1")
        {
            await File.WriteAllLinesAsync(file, live);
            Assert.Fail($"{file} was written: look at its difference");
        }
        Assert.Equal(await File.ReadAllLinesAsync(file), live);
    }

    [SkippableTheory]
    [InlineData("alter table ledger.mt_events alter column version drop not null")]
    [InlineData("alter table ledger.mt_events alter column is_archived set default true")]
    [InlineData("alter table ledger.mt_doc_bot alter column mt_version type numeric")]
    [InlineData("alter table ledger.mt_streams add column more text")]
    [InlineData("alter table ledger.mt_events drop constraint fkey_mt_events_stream_id")]
    [InlineData("drop index ledger.pk_mt_events_stream_and_version")]
    [InlineData("drop index ledger.pk_mt_events_stream_and_version; create index pk_mt_events_stream_and_version on ledger.mt_events (stream_id, version)")]
    [InlineData("alter sequence ledger.mt_events_sequence cache 10")]
    [InlineData("alter table ledger.mt_events disable trigger events_stay")]
    [InlineData("alter table ledger.mt_events enable trigger events_stay")]
    [InlineData("grant delete on ledger.mt_events to ledger_service")]
    [InlineData("grant update (data) on ledger.mt_events to ledger_service")]
    [InlineData("grant create on schema ledger to ledger_service")]
    [InlineData("alter function ledger.mt_quick_append_events security definer")]
    public async Task A_schema_that_was_altered_differs(string alteration)
    {
        await using var database = await CreateAsync();
        var before = await FactsAsync(database);
        await database.ExecuteAsync(alteration);
        Assert.NotEqual(before, await FactsAsync(database));
    }

    private static async Task<List<string>> FactsAsync(EventStoreDatabase database)
    {
        var facts = new List<string> { "kind,table,name,type,nullable,default_or_definition" };
        await using var command = database.Superuser.CreateCommand(s_query);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            facts.Add(MadeAt.Replace(reader.GetString(0), "(the instant of the migration)"));
        return facts;
    }

    private static string InSource(params string[] path)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Ledger.SystemTests.csproj")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests run outside of their source tree");
        return Path.Combine([folder, .. path]);
    }
}
