using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log.Sequencing;
using Npgsql;

namespace Ledger.Proofs;

/// <summary>
/// Proves the final outcome of one conversation of a job. There is no index of conversations, because it would be a list of the erased. So
/// the conversation's ordinal is looked for in the unsealed list (a million ids take about half a second). From the ordinal, the event is
/// found in a few reads by version.
/// </summary>
public sealed class ConversationProver(NpgsqlDataSource database)
{
    private static readonly string AtVersionSql = Sql.Load(typeof(ConversationProver), nameof(AtVersionAsync));
    private static readonly string LaterSql = Sql.Load(typeof(ConversationProver), nameof(LaterAsync));
    private static readonly string StartedSql = Sql.Load(typeof(ConversationProver), nameof(StartedAsync));
    private static readonly string LeafSql = Sql.Load(typeof(ConversationProver), nameof(LeafAsync));

    private readonly NodeReader _nodes = TileStore.Nodes(database);

    /// <summary>The proof. Null if the conversation is not on the job's list, or has no outcome.</summary>
    /// <param name="key">The job's key.</param>
    /// <exception cref="LogException">The database does not hold what the log committed to.</exception>
    public async Task<TlogProof?> ProveAsync(ProvableJob job, JobKey key, string conversationId, CancellationToken cancel)
    {
        if (await OrdinalAsync(job.Id, key, conversationId, cancel) is not { } ordinal || ordinal >= job.Outcomes)
            return null;
        var index = await LeafAsync(job.Id, await OutcomeAsync(job.Id, ordinal, cancel), cancel);
        var path = await InclusionProof.ProveAsync(index, job.Checkpoint.Size, _nodes, cancel);
        var proof = new ConversationProof(await EntryAsync(index, cancel), key.Disclose(IdentifierKind.Conversation, conversationId));
        return proof.In(index, path, job.Note);
    }

    private async Task<long?> OrdinalAsync(JobId job, JobKey key, string conversationId, CancellationToken cancel)
    {
        await foreach (var (ordinal, id) in SealedList.ReadAsync(database, job, key, cancel))
        {
            if (id == conversationId)
                return ordinal;
        }
        return null;
    }

    /// <summary>
    /// The version of an ordinal's final outcome. The first attempt records the outcomes of all ordinals in order, and between them only
    /// plans. So the first guess can be too low by the number of plans before it, and never too high. Later outcomes of a failed
    /// conversation come after it. They are few, or near the stream's end.
    /// </summary>
    private async Task<long> OutcomeAsync(JobId job, long ordinal, CancellationToken cancel)
    {
        var version = await StartedAsync(job, cancel) + 1 + ordinal;
        while (true)
        {
            var @event = await AtVersionAsync(job, version, cancel);
            if (OrdinalOf(@event) is not { } found)
                version++;
            else if (found < ordinal)
                version += ordinal - found;
            else if (found > ordinal)
                throw new LogException(
                    $"the outcomes of job {job} are not in order at version {version}: its database was changed. `ledger audit` names "
                    + "the first event that is not as it was logged"
                );
            else
                return @event is Failed ? await LaterAsync(job, version, ordinal, cancel) ?? version : version;
        }
    }

    private static long? OrdinalOf(object @event) => @event switch
    {
        ConversationDeleted deleted => deleted.Ordinal,
        ConversationSkipped skipped => skipped.Ordinal,
        Failed failed => failed.Ordinal,
        _ => null,
    };

    private async Task<long> StartedAsync(JobId job, CancellationToken cancel) =>
        await ScalarAsync(StartedSql, cancel, job.Value) is long version ? version : throw Missing(job);

    private async Task<object> AtVersionAsync(JobId job, long version, CancellationToken cancel)
    {
        await using var command = Command(AtVersionSql, job.Value, version);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? EventType.Read(reader.GetString(0), reader.GetString(1)) : throw Missing(job);
    }

    /// <summary>The last outcome of an ordinal after a version.</summary>
    private async Task<long?> LaterAsync(JobId job, long version, long ordinal, CancellationToken cancel) =>
        (long?)await ScalarAsync(LaterSql, cancel, job.Value, version, ordinal);

    private async Task<long> LeafAsync(JobId job, long version, CancellationToken cancel) =>
        await ScalarAsync(LeafSql, cancel, job.Value, version) is long index ? index : throw Missing(job);

    private async Task<byte[]> EntryAsync(long index, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await foreach (var leaf in StoredLeaf.ReadAsync(connection, index, index + 1, cancel))
            return leaf.Entry();
        throw new InvalidOperationException("one leaf was asked for, and none came");
    }

    private async Task<object?> ScalarAsync(string sql, CancellationToken cancel, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteScalarAsync(cancel);
    }

    private NpgsqlCommand Command(string sql, params object[] parameters)
    {
        var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }

    private static LogException Missing(JobId job) =>
        new(
            $"an outcome of job {job} is missing: its database was changed. `ledger audit` names the first event that is not as it was "
            + "logged"
        );
}
