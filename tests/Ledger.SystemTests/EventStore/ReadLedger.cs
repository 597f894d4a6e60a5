using Ledger.Projections;
using Ledger.SystemTests.Audit;
using Npgsql;

namespace Ledger.SystemTests.EventStore;

/// <summary>A ledger with jobs done, and somebody else's role that reads it (<c>IClassFixture</c>).</summary>
public sealed class ReadLedger : IAsyncLifetime, IAsyncDisposable
{
    private readonly Once<Read> _read = new(async () =>
    {
        var audited = await AuditedService.StartAsync();
        return new Read(audited, await ReaderRole.CreateAsync(audited.Service.Database));
    });

    public Task InitializeAsync() => Task.CompletedTask;

    internal async Task<(TestService Service, ReaderRole Role)> GetAsync()
    {
        var read = await _read.Value;
        return (read.Audited.Service, read.Role);
    }

    public Task DisposeAsync() => _read.DisposeAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    private sealed class Read(AuditedService audited, ReaderRole role) : IAsyncDisposable
    {
        public AuditedService Audited => audited;

        public ReaderRole Role => role;

        public async ValueTask DisposeAsync()
        {
            await audited.DisposeAsync();
            await role.DisposeAsync();
        }
    }
}

/// <summary>Appends whose numbers come to nothing, or late.</summary>
internal static class Gaps
{
    /// <summary>An append of two events that is rolled back: no event will ever have their numbers.</summary>
    public static async Task LeaveGapAsync(this TestService service)
    {
        var before = await LastNumberAsync(service);
        await using (var connection = await service.Source.OpenConnectionAsync())
        await using (await connection.BeginTransactionAsync())
            await AppendTwoAsync(connection, EventStoreDatabase.Stream("rolled back"));
        Assert.Equal(before + 2, await LastNumberAsync(service));
    }

    /// <summary>Two events of a stream that does not exist yet, in the connection's transaction.</summary>
    public static async Task AppendTwoAsync(NpgsqlConnection connection, Guid stream)
    {
        var events = new object[] { EventStoreDatabase.Event("1"), EventStoreDatabase.Event("2") };
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { RawAppend.Command(stream, StreamIds.ClientType, 0, EventStoreDatabase.At, events) },
        };
        await batch.ExecuteNonQueryAsync();
    }

    private static Task<long> LastNumberAsync(TestService service) =>
        service.ScalarAsync<long>("select last_value from ledger.mt_events_sequence");
}
