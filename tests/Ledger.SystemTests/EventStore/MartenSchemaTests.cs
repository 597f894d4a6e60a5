using System.Text.RegularExpressions;
using Ledger.Database;
using Ledger.EventStore;
using Npgsql;
using static Ledger.SystemTests.EventStore.EventStoreDatabase;

namespace Ledger.SystemTests.EventStore;

/// <summary>The database is as Marten's set-up wants it, by Marten's own words.</summary>
public sealed class MartenSchemaTests
{
    [SkippableFact]
    public async Task A_fresh_database_and_one_that_was_migrated_twice_are_as_Marten_wants_them_as_their_owner_and_as_the_service()
    {
        await using var database = await CreateAsync();
        await AssertAsync(database, "ledger_service");
        var superuser = database.Database.Superuser;
        await using (var owner = await LedgerSession.OpenAsync(superuser, SessionKind.Administration, CancellationToken.None))
        {
            await Roles.BecomeOwnerAsync(owner, CancellationToken.None);
            Assert.Empty(await Migrator.ApplyAsync(owner, CancellationToken.None));
        }
        await AssertAsync(database, "ledger_service");
        await AssertAsync(database, TestDatabase.Administrator);
    }

    [SkippableTheory]
    [InlineData("alter table ledger.mt_doc_job drop column client")]
    [InlineData("drop index ledger.mt_doc_job_due")]
    [InlineData("create index more on ledger.mt_doc_bot (mt_version)")]
    [InlineData("alter table ledger.mt_events add column headers jsonb")]
    [InlineData("alter function ledger.mt_quick_append_events security definer")]
    [InlineData("drop table ledger.mt_high_water_skips")]
    public async Task Twin_what_differs_is_seen(string alteration)
    {
        await using var database = await CreateAsync();
        await database.ExecuteAsync(alteration);
        await Assert.ThrowsAnyAsync<Exception>(() => AssertAsync(database, role: null));
    }

    /// <summary>Write it anew with the script that the failure shows.</summary>
    [Fact]
    public void The_first_migration_is_what_Marten_would_make()
    {
        using var resource = typeof(Migrator).Assembly.GetManifestResourceStream("Ledger.Database.Migrations.0001_marten.sql")!;
        using var reader = new StreamReader(resource);
        var file = reader.ReadToEnd();
        Assert.Equal(Lines(TestStore.One.Storage.ToDatabaseScript()), Lines(file[file.IndexOf("DO $$", StringComparison.Ordinal)..]));
    }

    private static IEnumerable<string> Lines(string sql) =>
        Regex.Split(sql, "\r?\n", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(line => line.TrimEnd()).Where(line => line.Length > 0);

    private static async Task AssertAsync(EventStoreDatabase database, string? role)
    {
        var settings = new NpgsqlConnectionStringBuilder(
            role is null ? database.Database.Superuser : database.Database.ConnectionStringFor(role))
        {
            Pooling = false,
        };
        // The assertion reads types that a session without the server's own does not know.
        settings.Remove("Server Compatibility Mode");
        await using var source = NpgsqlDataSource.Create(settings.ConnectionString);
        await using var store = MartenSetup.Store(source, TimeProvider.System);
        await store.Storage.Database.AssertDatabaseMatchesConfigurationAsync();
    }
}
