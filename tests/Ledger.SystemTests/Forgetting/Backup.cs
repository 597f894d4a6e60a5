using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Forgetting;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Keys.Rotation;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Ledger.SystemTests.Forgetting;

/// <summary>A copy of a service's database as it was at one moment; to look into it is to have restored it.</summary>
public sealed class Backup : IAsyncDisposable
{
    private readonly TestService _service;
    private readonly string _name;

    private Backup(TestService service, string name)
    {
        (_service, _name) = (service, name);
        Connection = new NpgsqlConnectionStringBuilder(service.Database.ConnectionStringFor("ledger_service"))
        {
            Database = name,
            Pooling = false,
        }.ConnectionString;
        Source = ServiceDatabase.Source(new NpgsqlConnectionStringBuilder(Connection) { Pooling = true }.ConnectionString);
    }

    public string Connection { get; }
    public NpgsqlDataSource Source { get; }

    public static async Task<Backup> TakeAsync(TestService service)
    {
        var name = $"{service.Database.Name}_backup";
        // Nobody may be connected to a database while it is copied.
        await ServerAsync(service, $"alter database {service.Database.Name} with allow_connections false");
        await ServerAsync(service, $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{service.Database.Name}'");
        await ServerAsync(service, $"create database {name} template {service.Database.Name}");
        await ServerAsync(service, $"alter database {service.Database.Name} with allow_connections true");
        service.ClearPools();
        NpgsqlConnection.ClearAllPools();
        return new Backup(service, name);
    }

    /// <summary>The key folder as it is on the disk now.</summary>
    public KeyFolder KeysNow() => KeyFolder.Open(_service.KeyDirectory);

    /// <summary>Those of the ids that what is in the backup and in the key folder still leads back to.</summary>
    public async Task<IReadOnlyList<string>> UnsealedAsync(params string[] ids) =>
        [
            .. (await new IdentifierSearch(Source, KeysNow()).FindAsync(ids, null, CancellationToken.None))
                .Found.Select(found => found.Id)
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The job's key, by whatever the key folder holds.</summary>
    public async Task<JobKey?> OpenAsync(JobId job)
    {
        await using var command = Source.CreateCommand("select epoch, wrapped_key from ledger.job_secrets where job_id = $1");
        command.Parameters.AddWithValue(job.Value);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync(), "the backup holds no key of the job");
        return KeysNow().OpenJobKey(job, reader.GetInt32(0), reader.GetFieldValue<byte[]>(1));
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await ServerAsync(_service, $"drop database {_name} with (force)");
    }

    private static async Task ServerAsync(TestService service, string sql)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(service.Database.Superuser) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>What tests of forgetting do to a service.</summary>
public static class ForgettingSteps
{
    public static KeyRotation Rotation(this TestService service) => service.Services.GetRequiredService<KeyRotation>();

    public static JobForgetting Forgetting(this TestService service) => service.Services.GetRequiredService<JobForgetting>();

    public static JobId Id(string job) => JobId.TryParse(job, out var id) ? id : throw new FormatException(job);

    public static async Task<RotationResult.Rotated> RotateAsync(this TestService service) =>
        Assert.IsType<RotationResult.Rotated>(await service.Rotation().RunOnceAsync(RotateWhen.Now, "test", null, CancellationToken.None));

    public static async Task<ForgottenJob> ForgetAsync(this TestService service, string job)
    {
        var (forgotten, rejection) = await service.Forgetting().ForgetAsync(Id(job), "test", "asked for", CancellationToken.None);
        Assert.Null(rejection);
        return forgotten!;
    }
}
