using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Identifiers;
using Npgsql;

namespace Ledger.Execution;

/// <summary>
/// Whether a conversation that the store does not hold was erased by another job of the bot. There is no index of erased ids: it would be the permanent list
/// of deleted people that this ledger must not keep. The other jobs' manifests are unsealed and read instead, as long as
/// their keys live; see docs/adr/0009.
/// </summary>
public static class EarlierErasures
{
    private static readonly string FindSql = Sql.Load(typeof(EarlierErasures), nameof(FindAsync));

    /// <summary>Those of <paramref name="ids"/> that another job deleted.</summary>
    public static async Task<IReadOnlySet<string>> FindAsync(
        NpgsqlConnection connection, KeyFolder keys, string botId, JobId except, IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        var erased = new HashSet<string>(StringComparer.Ordinal);
        if (ids.Count == 0)
            return erased;
        var wanted = new HashSet<string>(ids, StringComparer.Ordinal);
        await using var command = new NpgsqlCommand(FindSql, connection) { Parameters = { new() { Value = botId }, new() { Value = except.Value } } };
        await using var reader = await command.ExecuteReaderAsync(System.Data.CommandBehavior.SequentialAccess, cancel);
        var (openJob, key) = (default(JobId), default(JobKey));
        while (wanted.Count > 0 && await reader.ReadAsync(cancel))
        {
            var job = new JobId(reader.GetGuid(0));
            if (job != openJob)
                (openJob, key) = (job, TryOpen(() => keys.OpenJobKey(job, reader.GetInt32(1), reader.GetFieldValue<byte[]>(2))));
            if (key is null)
                continue;
            var row = reader.GetInt32(3);
            var outcomes = reader.GetFieldValue<byte[]>(4);
            if (TryOpen(() => Manifest.Unseal(key, row, reader.GetFieldValue<byte[]>(5))) is not { } entries)
                continue;
            erased.UnionWith(entries.Where((entry, i) => outcomes[i] == OutcomeCode.Deleted && wanted.Remove(entry.ConversationId)).Select(entry => entry.ConversationId));
        }
        return erased;
    }

    /// <summary>What is sealed there; null where it cannot be opened: another job's damage must not keep this one from going on.</summary>
    private static T? TryOpen<T>(Func<T?> open)
        where T : class
    {
        try
        {
            return open();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
