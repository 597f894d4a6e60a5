using Npgsql;

namespace Ledger.SystemTests.Database;

public sealed class TestDatabaseTests
{
    [SkippableFact]
    public async Task Databases_created_in_parallel_are_separate()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TestDatabase.CreateAsync()));
        try
        {
            // Each would fail in a database that another one shares.
            await Task.WhenAll(databases.Select(database => ExecuteAsync(database.Superuser, "create table only_once (id int)")));
            Assert.Equal(databases.Length, databases.Select(database => database.Name).Distinct().Count());
        }
        finally
        {
            foreach (var database in databases) await database.DisposeAsync();
        }
    }

    [SkippableFact]
    public async Task A_disposed_database_is_gone_although_sessions_were_open()
    {
        var database = await TestDatabase.CreateAsync();
        await using var open = new NpgsqlConnection(database.Superuser);
        await open.OpenAsync();
        await database.DisposeAsync();

        await using var again = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.Superuser) { Pooling = false }.ConnectionString);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => again.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, refused.SqlState);
    }

    [SkippableFact]
    public async Task A_role_logs_in_with_the_password_that_belongs_to_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        var role = $"role_of_{database.Name}";
        await ExecuteAsync(database.Superuser, $"create role {role} login password '{await TestDatabase.PasswordAsync(role)}'");
        try
        {
            Assert.Equal(role, await ScalarAsync(database.ConnectionStringFor(role), "select current_user::text"));
        }
        finally
        {
            await ExecuteAsync(database.Superuser, $"drop role {role}");
        }
    }

    private static async Task ExecuteAsync(string connectionString, string sql) => await ScalarAsync(connectionString, sql);

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
