using Ledger.Contracts.Registry;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Registry;
using Ledger.SystemTests.Cli;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.SystemTests.Audit;

/// <summary>A running service with some jobs done, a superuser who tampers with its database, and an auditor.</summary>
internal sealed class AuditedService : IAsyncDisposable
{
    private static readonly Lazy<Task<(ServiceTemplate Template, string Job)>> s_onTheTrueClock = new(() => MakeAsync(new()));
    private static readonly Lazy<Task<(ServiceTemplate Template, string Job)>> s_onAClockOfItsOwn =
        new(() => MakeAsync(new() { OwnClock = true }));

    private readonly List<string> _databases = [];

    private AuditedService(TestService service) => Service = service;

    public TestService Service { get; }
    public string Folder { get; } = Directory.CreateTempSubdirectory("ledger-audit-").FullName;
    public string Mirror => Path.Combine(Folder, "mirror");
    public string Key => LogKeyFile.Read(Service.KeyDirectory).Verifier.ToString();

    /// <summary>The job by ids, whose stream the tests tamper with: Submitted, Scheduled, Started, three outcomes, Completed.</summary>
    public required string Job { get; init; }

    /// <summary>Its stream.</summary>
    public Guid Stream => Guid.Parse(Job["cdj-".Length..]);

    public static async Task<AuditedService> StartAsync(TestServiceOptions? options = null)
    {
        options ??= new TestServiceOptions();
        var (template, job) = await (options.OwnClock ? s_onAClockOfItsOwn : s_onTheTrueClock).Value;
        return new AuditedService(await TestService.StartAsync(options, template)) { Job = job };
    }

    /// <summary>The jobs are done once a run.</summary>
    private static async Task<(ServiceTemplate Template, string Job)> MakeAsync(TestServiceOptions options)
    {
        var service = await TestService.StartAsync(options);
        await service.AddConversationsAsync("a", 20, "user-1");
        var job = await service.SubmitAsync(new { conversationIds = new[] { "a-00001", "a-00002", "nobody" } });
        await service.RunSlicesAsync();
        await service.SubmitAsync(new { cId = "user-1" });
        await service.RunSlicesAsync();
        return (await service.FreezeAsync(), job);
    }

    /// <summary>Runs SQL as superuser with every trigger of the ledger's tables off, as who owns the machine can.</summary>
    public Task TamperAsync(string sql, params object[] parameters) => TamperWithAsync(Service.Database.Superuser, sql, parameters);

    /// <summary>As <see cref="TamperAsync"/>, in a backup.</summary>
    public Task TamperOnAsync(string backup, string sql)
    {
        var name = new NpgsqlConnectionStringBuilder(backup).Database;
        var superuser = new NpgsqlConnectionStringBuilder(Service.Database.Superuser) { Database = name, Pooling = false };
        return TamperWithAsync(superuser.ConnectionString, sql);
    }

    private static async Task TamperWithAsync(string superuser, string sql, params object[] parameters)
    {
        string[] tables = ["mt_events", "mt_streams", "log_runs", "log_tiles", "log_state", "log_checkpoints", "job_manifest"];
        await using var connection = new NpgsqlConnection(superuser);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, string.Concat(tables.Select(table => $"alter table ledger.{table} disable trigger user;")));
        await ExecuteAsync(connection, sql, parameters);
        await ExecuteAsync(connection, $"""
            do $do$
            declare v_enable text;
            begin
                -- As the migrations have them: another mode would be a finding.
                for v_enable in
                    select format('alter table %s enable always trigger %I', tgrelid::regclass, tgname) from pg_trigger
                    where not tgisinternal and tgrelid = any (array[{string.Join(
                ", ",
                tables.Select(table => $"'ledger.{table}'::regclass")
            )}]) loop
                    execute v_enable;
                end loop;
            end $do$
            """);
        await transaction.CommitAsync();
    }

    /// <summary>The audit as an auditor runs it.</summary>
    public Task<CliResult> AuditAsync(params string[] args) => AuditOnAsync(Service.Database.ConnectionStringFor("ledger_service"), args);

    public Task<CliResult> AuditOnAsync(string connection, params string[] args) =>
        CliDatabase.RunAsync([
            "audit", "--connection", connection, .. args.Contains("--key") || args.Contains("--keys") ? args : [.. args, "--key", Key],
        ]);

    /// <summary>The audit must fail and say all of this.</summary>
    public async Task<string> FindsAsync(IReadOnlyList<string> words, params string[] args)
    {
        var result = await AuditAsync(args);
        Assert.True(result.ExitCode == 1, $"nothing was found:\n{result.Output}{result.Error}");
        foreach (var word in words)
            Assert.Contains(word, result.Output, StringComparison.Ordinal);
        return result.Output;
    }

    public async Task HoldsAsync(params string[] args)
    {
        var result = await AuditAsync(args);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    /// <summary>The audit of the mirror alone.</summary>
    public Task<CliResult> AuditMirrorAsync(params string[] args) =>
        CliDatabase.RunAsync(["audit", "--mirror", Mirror, "--key", Key, .. args]);

    /// <summary>The leaf of a version of <see cref="Stream"/>.</summary>
    public Task<long> LeafAsync(long version) =>
        Service.ScalarAsync<long>(
            "select first_index + $2 - first_version from ledger.log_runs where stream_id = $1 and $2 >= first_version and $2 < "
            + "first_version + count",
            Stream, version);

    public Task<long> SizeAsync() => Service.ScalarAsync<long>("select size from ledger.log_state");

    /// <summary>The latest checkpoint, as an auditor would have kept it.</summary>
    public async Task<string> KeepCheckpointAsync()
    {
        var file = Path.Combine(Folder, $"{await SizeAsync()}.checkpoint");
        await File.WriteAllTextAsync(file, await Service.Client.GetStringAsync("/log/checkpoint"));
        return file;
    }

    public async Task<string> ExportAsync(params string[] args)
    {
        var result = await TryExportAsync(args);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    public Task<CliResult> TryExportAsync(params string[] args) =>
        CliDatabase.RunAsync([
            "log", "export", Mirror, "--key", Key,
            .. args.Length > 0 ? args : ["--connection", Service.Database.ConnectionStringFor("ledger_service")],
        ]);

    /// <summary>A backup as of now.</summary>
    /// <returns>The connection string of the service's role.</returns>
    public async Task<string> BackUpAsync()
    {
        var name = $"{Service.Database.Name}_backup{_databases.Count}";
        await using var connection = await AdministratorAsync();
        await Execution.Steps.UntilAsync("the database is never left alone", async () =>
        {
            // `create database` wants its template alone.
            Service.ClearPools();
            await using (var pooled = new NpgsqlConnection(Service.Database.Superuser))
                NpgsqlConnection.ClearPool(pooled);
            await using (var pooled = new NpgsqlConnection(Service.Database.ConnectionStringFor("ledger_service")))
                NpgsqlConnection.ClearPool(pooled);
            try
            {
                await ExecuteAsync(connection, $"create database {name} template {Service.Database.Name}");
                return true;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                return false;
            }
        });
        _databases.Add(name);
        return new NpgsqlConnectionStringBuilder(Service.Database.ConnectionStringFor("ledger_service"))
        {
            Database = name,
            Pooling = false,
        }.ConnectionString;
    }

    /// <summary>Lets a restored backup go on by itself, with a copy of the key folder as it was then: one event more than it had.</summary>
    public async Task GoOnAsync(string backup, string keys)
    {
        await using var source = NpgsqlDataSource.Create(backup);
        await GrantAsync(new RegistryStore(source, TestStore.One, keys: null, TimeProvider.System), Scope.LegalHolds);
        await using var database = new LogDatabase(backup);
        using var writer = new LogWriter(
            database, KeyFolder.Open(keys), new LogOptions(), TimeProvider.System, NullLogger<LogWriter>.Instance);
        Assert.Null((await writer.RunOnceAsync(CancellationToken.None)).Problem);
    }

    /// <summary>One event more, in the log.</summary>
    public async Task AppendAsync()
    {
        await GrantAsync(Service.Registry, Scope.LedgerAudit);
        await Service.WriteLogAsync();
    }

    /// <summary>A copy of the key folder as it is now.</summary>
    public string CopyKeys()
    {
        var copy = Directory.CreateDirectory(Path.Combine(Folder, "keys")).FullName;
        foreach (var file in Directory.GetFiles(Service.KeyDirectory))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    private async Task GrantAsync(RegistryStore registry, Scope scope) =>
        Assert.Null(
            await registry.ExecuteAsync(
                Service.Bot, new GrantClient(Service.Bot, TestService.ClientId, [scope, Scope.DeleteConversations], "test", null),
                CancellationToken.None)
        );

    private async Task<NpgsqlConnection> AdministratorAsync()
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Service.Database.Superuser) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var connection = await AdministratorAsync())
        {
            foreach (var name in _databases)
                await ExecuteAsync(connection, $"drop database if exists {name} with (force)");
        }
        await Service.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync();
    }
}
