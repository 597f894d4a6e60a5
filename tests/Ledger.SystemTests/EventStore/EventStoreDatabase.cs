using Ledger.Contracts;
using Ledger.Contracts.Registry;
using Ledger.EventStore;
using Ledger.Projections;
using Npgsql;

namespace Ledger.SystemTests.EventStore;

/// <summary>A migrated database as the service sees it, and streams in it.</summary>
internal sealed class EventStoreDatabase : IAsyncDisposable
{
    public const int Connections = 24;

    private EventStoreDatabase(TestDatabase database)
    {
        Database = database;
        Service = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(database.ConnectionStringFor("ledger_service")) { MaxPoolSize = Connections }.ConnectionString
        );
        Superuser = NpgsqlDataSource.Create(database.Superuser);
    }

    public static readonly DateTimeOffset At = new(2026, 5, 8, 6, 22, 56, 97, TimeSpan.Zero);

    public TestDatabase Database { get; }

    /// <summary>With the service's own credentials.</summary>
    public NpgsqlDataSource Service { get; }

    public NpgsqlDataSource Superuser { get; }

    public static async Task<EventStoreDatabase> CreateAsync() => new(await TestDatabase.CreateAsync());

    public static Guid Stream(string name) => NamedUuid.Create(Guid.Empty, name);

    /// <summary>Any event; <paramref name="name"/> tells it from others.</summary>
    public static ClientRevoked Event(string name) => new(name) { Actor = "test" };

    public async Task AppendAsync(Guid stream, long expected, params object[] events)
    {
        await using var batch = Service.CreateBatch();
        batch.BatchCommands.Add(RawAppend.Command(stream, StreamIds.ClientType, expected, At, events));
        await batch.ExecuteNonQueryAsync();
    }

    public async Task<List<RecordedEvent>> ReadAsync(Guid stream, long after = 0)
    {
        await using var connection = await Service.OpenConnectionAsync();
        return await EventStreams.ReadAsync(connection, stream, after).ToListAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Superuser.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Superuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Superuser.DisposeAsync();
        await Database.DisposeAsync();
    }
}
