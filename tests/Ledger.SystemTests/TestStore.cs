using Ledger.EventStore;
using Marten;
using Npgsql;

namespace Ledger.SystemTests;

/// <summary>
/// The event store for what a test appends itself. Its writers bring their own transactions, so one is enough for all databases of a run:
/// to make one takes as long as a job.
/// </summary>
public static class TestStore
{
    private static readonly Lazy<DocumentStore> s_one =
        new(() => MartenSetup.Store(NpgsqlDataSource.Create("Host=/nowhere;Username=nobody;Database=none"), TimeProvider.System));

    public static IDocumentStore One => s_one.Value;
}
