using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Ledger.Audit.Tree;
using Ledger.Contracts;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Jobs;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Audit.Mirror;

/// <summary>A job that was answered 202 and that a restored database does not have.</summary>
/// <param name="Job">Its id.</param>
/// <param name="Bot">The bot.</param>
/// <param name="Client">The client that submitted it, and must do so again.</param>
/// <param name="SubmittedAt">The instant of submission.</param>
public sealed record LostJob(string Job, string Bot, string Client, DateTimeOffset SubmittedAt);

/// <summary>A conversation that was erased, and that a restored conversation store has again.</summary>
/// <param name="Job">The job that erased it.</param>
/// <param name="Ordinal">Its place in the job's list.</param>
/// <param name="Commitment">The commitment that the job's events hold instead of its id.</param>
/// <param name="ConversationId">Its id; null if the job's key and list are not there to open it.</param>
/// <param name="ToDo">The way to erase it again.</param>
public sealed record LostErasure(string Job, long Ordinal, byte[] Commitment, string? ConversationId, string ToDo)
{
    public override string ToString() => $"{Job} {Ordinal}";
}

/// <summary>A job that was forgotten, and whose key a restored database has again.</summary>
/// <param name="Job">Its id.</param>
/// <param name="Bot">The bot.</param>
/// <param name="ForgottenAt">The instant at which it was forgotten.</param>
/// <param name="ToDo">The way to forget it again.</param>
public sealed record LostForgetting(string Job, string Bot, DateTimeOffset ForgottenAt, string ToDo);

/// <summary>
/// Compares a mirror with a database that was restored from an older backup. The leaves of the mirror after those that both have in common
/// are what was lost.
/// </summary>
/// <param name="mirror">Audited, and in order.</param>
/// <param name="size">Its leaves.</param>
/// <param name="database">The restored database.</param>
/// <param name="keys">To open ids with; null: they are named by commitment.</param>
public sealed class LostWork(MirrorFolder mirror, long size, NpgsqlDataSource database, KeyFolder? keys)
{
    private static readonly string JobSql = Sql.Load(typeof(LostWork), nameof(FindJobAsync));
    private static readonly string RowSql = Sql.Load(typeof(LostWork), nameof(FindRowAsync));

    /// <summary>A job as the restored database has it.</summary>
    /// <param name="Id">The job.</param>
    /// <param name="IsEnded">Nothing of it will run any more.</param>
    /// <param name="IsForgotten">It holds no key of the job, not even one that nothing opens.</param>
    /// <param name="Key">The key, if it can be opened.</param>
    /// <param name="Requested">The ids of a request by ids, by commitment.</param>
    private sealed record Restored(JobId Id, bool IsEnded, bool IsForgotten, JobKey? Key, IReadOnlyDictionary<string, string> Requested);

    private (string Job, Restored? Restored) _job = ("", null);
    private (string Job, int Row, byte[]? Outcomes, IReadOnlyList<ManifestEntry>? Entries) _row = ("", -1, null, null);

    /// <summary>The number of leaves, from the first on, that mirror and database have in common.</summary>
    public async Task<long> CommonAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var stored = new StoredTiles(connection);
        for (long number = 0, common = 0; ; number++)
        {
            var (ours, theirs) = (mirror.Read(0, number, size), await stored.ReadAsync(0, number, cancel));
            var same = ours is null || theirs is null ? 0 : ours.AsSpan().CommonPrefixLength(theirs) / MerkleTree.HashSize;
            common += same;
            if (same < TileId.FullWidth)
                return common;
        }
    }

    /// <summary>Jobs whose submission is beyond <paramref name="common"/>, and that nobody submitted again under the same id.</summary>
    public async IAsyncEnumerable<LostJob> JobsAsync(long common, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await foreach (var (leaf, @event) in EventsAsync(common, cancel))
        {
            if (@event is Submitted submitted && await FindJobAsync(connection, leaf.Stream, cancel) is null)
                yield return new LostJob(leaf.Stream, submitted.Bot, submitted.Client, leaf.At);
        }
    }

    /// <summary>Conversations whose erasure is beyond <paramref name="common"/>, and that were not erased again since.</summary>
    public async IAsyncEnumerable<LostErasure> ErasuresAsync(long common, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await foreach (var (leaf, @event) in EventsAsync(common, cancel))
        {
            if (@event is not ConversationDeleted deleted)
                continue;
            if (await FindJobAsync(connection, leaf.Stream, cancel) is not { } restored)
            {
                yield return new LostErasure(
                    leaf.Stream, deleted.Ordinal, deleted.Commitment, null, "the job is lost: its client must submit it again");
                continue;
            }
            var (outcomes, entries) = await FindRowAsync(connection, leaf.Stream, restored, deleted.Ordinal, cancel);
            var id = Open(restored, entries, deleted);
            var place = (int)(deleted.Ordinal % Manifest.RowSize);
            if (outcomes?.Length > place && outcomes[place] == OutcomeCode.Deleted && (id is not null || restored.Key is null))
                continue;
            yield return new LostErasure(
                leaf.Stream, deleted.Ordinal, deleted.Commitment, id,
                restored.IsEnded ? "the job has ended without it: submit a new one" : "the job goes on by itself in its window");
        }
    }

    /// <summary>
    /// Jobs that were forgotten beyond <paramref name="common"/>, and not again since. One that is lost altogether is not among them.
    /// </summary>
    public async IAsyncEnumerable<LostForgetting> ForgettingsAsync(long common, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await foreach (var (leaf, @event) in EventsAsync(common, cancel))
        {
            if (@event is JobKeyDestroyed destroyed
                && await FindJobAsync(connection, destroyed.Job, cancel) is { IsForgotten: false } restored)
            {
                yield return new LostForgetting(
                    destroyed.Job, destroyed.Bot, leaf.At,
                    $"forget again{(restored.IsEnded ? "" : ", once the job has ended")}: `ledger forget {destroyed.Job}`");
            }
        }
    }

    private async IAsyncEnumerable<(AuditedLeaf Leaf, object Event)> EventsAsync(
        long from, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var leaf in MirrorAudit.LeavesAsync(mirror, from, size, new Findings(), cancel))
        {
            if (leaf.Type is "submitted" or "conversation_deleted" or "job_key_destroyed")
                yield return (leaf, EventType.Read(leaf.Type, Encoding.UTF8.GetString(leaf.Data.Span)));
        }
    }

    /// <summary>The job in the restored database; null: it is not there. The last one is remembered: events come job by job.</summary>
    private async Task<Restored?> FindJobAsync(NpgsqlConnection connection, string job, CancellationToken cancel)
    {
        if (_job.Job == job)
            return _job.Restored;
        _job = (job, null);
        if (!JobId.TryParse(job, out var id))
            return null;
        await using var command = AuditSnapshot.Command(connection, JobSql, id.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var isForgotten = await reader.IsDBNullAsync(1, cancel);
        var key = keys is null || isForgotten ? null : keys.OpenJobKey(id, reader.GetInt32(1), reader.GetFieldValue<byte[]>(2));
        var requested = key is null || await reader.IsDBNullAsync(3, cancel) ? [] : Requested(key, reader.GetFieldValue<byte[]>(3));
        _job = (job, new Restored(id, reader.GetString(0) != "queued", isForgotten, key, requested));
        return _job.Restored;
    }

    private static Dictionary<string, string> Requested(JobKey key, byte[] sealedRequest) =>
        SealedRequest.Read(key.Unseal(SealedKind.Request, 0, sealedRequest))
            is DeletionRequest.ByConversationIds { ConversationIds: var ids }
            ? ids.ToDictionary(id => Convert.ToBase64String(key.Commit(IdentifierKind.Conversation, id)), id => id)
            : [];

    private async Task<(byte[]? Outcomes, IReadOnlyList<ManifestEntry>? Entries)> FindRowAsync(
        NpgsqlConnection connection, string job, Restored restored, long ordinal, CancellationToken cancel)
    {
        var row = (int)(ordinal / Manifest.RowSize);
        if (_row.Job != job || _row.Row != row)
        {
            _row = (job, row, null, null);
            await using var command = AuditSnapshot.Command(connection, RowSql, restored.Id.Value, row);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            if (await reader.ReadAsync(cancel))
            {
                var entries =
                    restored.Key is null || await reader.IsDBNullAsync(0, cancel)
                        ? null
                        : TryUnseal(restored.Key, row, reader.GetFieldValue<byte[]>(0));
                _row = (job, row, reader.GetFieldValue<byte[]>(1), entries);
            }
        }
        return (_row.Outcomes, _row.Entries);
    }

    private static IReadOnlyList<ManifestEntry>? TryUnseal(JobKey key, int row, byte[] sealedRow)
    {
        try
        {
            return Manifest.Unseal(key, row, sealedRow);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// The id, if what the restored list or request says is what was erased: a list that was resolved anew after the restore may be
    /// another.
    /// </summary>
    private static string? Open(Restored restored, IReadOnlyList<ManifestEntry>? entries, ConversationDeleted deleted)
    {
        var place = (int)(deleted.Ordinal % Manifest.RowSize);
        if (restored.Key is { } key
            && place < entries?.Count
            && key.Commit(IdentifierKind.Conversation, entries[place].ConversationId).AsSpan().SequenceEqual(deleted.Commitment))
            return entries[place].ConversationId;
        return restored.Requested.GetValueOrDefault(Convert.ToBase64String(deleted.Commitment));
    }
}
