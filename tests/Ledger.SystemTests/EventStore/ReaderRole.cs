using Ledger.SystemTests.Guides;
using Npgsql;

namespace Ledger.SystemTests.EventStore;

/// <summary>A role of somebody else's that reads one ledger, made as docs/marten.md says.</summary>
internal sealed class ReaderRole : IAsyncDisposable
{
    private readonly string _postgres;

    private ReaderRole(TestDatabase database)
    {
        Name = $"reader_{database.Name}";
        Connection = Plain(database.ConnectionStringFor(Name));
        _postgres = Plain(database.Superuser, "postgres");
    }

    public string Name { get; }

    public string Connection { get; }

    public static async Task<ReaderRole> CreateAsync(TestDatabase database)
    {
        var role = new ReaderRole(database);
        await ExecuteAsync(database.Superuser, MartenGuide.RoleSql(role.Name, await TestDatabase.PasswordAsync(role.Name)));
        return role;
    }

    /// <summary>A connection string as people write one: without what saves the tests time.</summary>
    public static string Plain(string connection, string? database = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection) { Pooling = false };
        settings.Remove("Server Compatibility Mode");
        settings.Database = database ?? settings.Database;
        return settings.ConnectionString;
    }

    /// <summary>Behind the database: a role that still owns something stays.</summary>
    public async ValueTask DisposeAsync() => await ExecuteAsync(_postgres, $"drop role {Name}");

    private static async Task ExecuteAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
