using Ledger.Contracts.Jobs;
using Ledger.Identifiers;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// Whether a conversation that the store does not hold was erased by another job of the bot: the other jobs' manifests are unsealed and read, as long as
/// their keys live (<see cref="SealedManifests"/>).
/// </summary>
public static class EarlierErasures
{
    /// <summary>Those of <paramref name="ids"/> that another job deleted.</summary>
    public static async Task<IReadOnlySet<string>> FindAsync(
        NpgsqlConnection connection, KeyFolder keys, string botId, JobId except, IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        var erased = new HashSet<string>(StringComparer.Ordinal);
        if (ids.Count == 0)
            return erased;
        var wanted = new HashSet<string>(ids, StringComparer.Ordinal);
        await foreach (var row in SealedManifests.ReadAsync(connection, keys, [botId], [except], cancel))
        {
            erased.UnionWith(row.Entries.Where((entry, i) => row.Outcomes[i] == OutcomeCode.Deleted && wanted.Remove(entry.ConversationId)).Select(entry => entry.ConversationId));
            if (wanted.Count == 0)
                break;
        }
        return erased;
    }
}
