using Ledger.Contracts.Registry;
using Ledger.Engine;
using Ledger.EventStore;
using Ledger.Projections.Registry;
using Marten;
using Npgsql;

namespace Ledger.Holds;

/// <summary>Records that a client is given a hold's identifiers, once for each client.</summary>
public sealed class HoldDisclosure(NpgsqlDataSource database, IDocumentStore store, TimeProvider time)
{
    private const int Attempts = 5;

    /// <summary>Call this before anything is handed out. A hold that has ended has nothing to hand out, and records nothing.</summary>
    public async Task RecordAsync(HoldId hold, string client, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancel);
                await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
                var stream = await transaction.LockAsync<LegalHold, Guid>(hold.Value, cancel);
                var events = HoldDecisions.Decide(stream.Aggregate, new DiscloseHold(client)).Accepted();
                if (events.Count == 0)
                    return;
                transaction.Append(stream, events, time.GetUtcNow());
                await transaction.WriteAsync(cancel);
                await transaction.CommitAsync(cancel);
                return;
            }
            catch (LostRaceException) when (attempt < Attempts)
            {
                // A deadlock: the other one is through by now.
            }
        }
    }
}
