using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Jobs.Erased;
using Ledger.Keys;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Jobs;

/// <summary>The role of an identifier in a job.</summary>
public enum FoundAs
{
    /// <summary>The job was asked for by this channel user's id.</summary>
    CId,

    /// <summary>The job was asked for with this conversation's id, and its list is not resolved yet.</summary>
    Requested,

    /// <summary>The conversation is on the job's list.</summary>
    Conversation,
}

/// <summary>One job that an identifier belongs to.</summary>
/// <param name="Status">The job's status: <c>queued</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Ordinal">A conversation's place in the job's list. Null for anything else.</param>
/// <param name="Outcome">A conversation's outcome, <c>pending</c> while it has none. Null for a cId.</param>
/// <param name="Reason">The reason that it was skipped or failed. Null otherwise.</param>
/// <param name="At">The instant when the outcome was recorded. Null while pending.</param>
public sealed record FoundIdentifier(
    string Id, FoundAs As, JobId Job, string Bot, DateTimeOffset SubmittedAt, string Status, long? Ordinal, string? Outcome, string? Reason,
    DateTimeOffset? At)
{
    public override string ToString() => nameof(FoundIdentifier);
}

/// <summary>The result of a search, with the number of jobs that could not be searched.</summary>
/// <param name="Searched">Number of jobs whose keys exist.</param>
/// <param name="Forgotten">Number of jobs whose keys are destroyed. Nothing tells what they were about.</param>
/// <param name="Damaged">Number of jobs whose keys or requests cannot be opened for another reason.</param>
public sealed record SearchResult(IReadOnlyList<FoundIdentifier> Found, int Searched, int Forgotten, int Damaged)
{
    public override string ToString() => nameof(SearchResult);
}

/// <summary>
/// Finds the jobs that identifiers belong to. It opens the sealed data of every job whose key exists, because there is no index
/// (docs/adr/0009).
/// </summary>
public sealed class IdentifierSearch(NpgsqlDataSource database, KeyFolder keys)
{
    private static readonly string JobsSql = Sql.Load(typeof(IdentifierSearch), nameof(JobsAsync));
    private static readonly string InstantSql = Sql.Load(typeof(IdentifierSearch), nameof(InstantAsync));

    /// <summary>A job whose sealed request can be opened, with the wanted identifiers in it. Its list may hold more of them.</summary>
    private sealed record SearchedJob(string Bot, DateTimeOffset SubmittedAt, string Status, IReadOnlyList<string> Requested, string? CId)
    {
        public override string ToString() => nameof(SearchedJob);
    }

    /// <param name="ids">Conversation ids and cIds.</param>
    /// <param name="bot">Only this bot's jobs. Null for all.</param>
    /// <param name="cancel">Stops the search.</param>
    public async Task<SearchResult> FindAsync(IReadOnlyCollection<string> ids, string? bot, CancellationToken cancel)
    {
        var wanted = ids.ToHashSet(StringComparer.Ordinal);
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (jobs, forgotten, damaged) = await JobsAsync(connection, wanted, bot, cancel);
        var listed = await ListedAsync(connection, wanted, jobs, cancel);
        var found = new List<FoundIdentifier>();
        foreach (var entry in listed)
            found.Add(
                entry.At is null && entry.Outcome != "pending"
                    ? entry with { At = await InstantAsync(connection, entry.Job, entry.Ordinal!.Value, cancel) }
                    : entry
            );
        var inLists = listed.Select(entry => (entry.Job, entry.Id)).ToHashSet();
        foreach (var (id, job) in jobs)
        {
            if (job.CId is { } cId)
                found.Add(new FoundIdentifier(cId, FoundAs.CId, id, job.Bot, job.SubmittedAt, job.Status, null, null, null, null));
            found.AddRange(job.Requested.Where(requested => !inLists.Contains((id, requested))).Select(requested =>
                new FoundIdentifier(requested, FoundAs.Requested, id, job.Bot, job.SubmittedAt, job.Status, null, "pending", null, null)));
        }
        return new SearchResult(
            [.. found.OrderBy(entry => entry.SubmittedAt).ThenBy(entry => entry.Ordinal)], jobs.Count, forgotten, damaged);
    }

    /// <summary>The bot's jobs that were asked for by this channel user's id, oldest first. It opens requests only, and no lists.</summary>
    public async Task<IReadOnlyList<JobId>> JobsOfChannelUserAsync(string cId, string bot, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (jobs, _, _) = await JobsAsync(connection, [cId], bot, cancel);
        return [.. jobs.Where(job => job.Value.CId is not null).Select(job => job.Key)];
    }

    /// <summary>Every job whose key exists, with the wanted identifiers of its request.</summary>
    private async Task<(Dictionary<JobId, SearchedJob> Jobs, int Forgotten, int Damaged)> JobsAsync(
        NpgsqlConnection connection, HashSet<string> wanted, string? bot, CancellationToken cancel)
    {
        var jobs = new Dictionary<JobId, SearchedJob>();
        var (forgotten, damaged) = (0, 0);
        await using var command = new NpgsqlCommand(JobsSql, connection)
        {
            Parameters = { new() { Value = (object?)bot ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var id = new JobId(reader.GetGuid(0));
            try
            {
                var key = await reader.IsDBNullAsync(4, cancel)
                    ? null
                    : keys.OpenJobKey(id, reader.GetInt32(4), reader.GetFieldValue<byte[]>(5));
                if (key is null)
                {
                    forgotten++;
                    continue;
                }
                var request = SealedRequest.Read(key.Unseal(SealedKind.Request, 0, reader.GetFieldValue<byte[]>(6)));
                jobs.Add(id, new SearchedJob(
                    reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetString(3),
                    request is DeletionRequest.ByConversationIds asked ? [.. asked.ConversationIds.Where(wanted.Contains)] : [],
                    request is DeletionRequest.ByChannelUser user && wanted.Contains(user.CId) ? user.CId : null));
            }
            catch (CryptographicException)
            {
                damaged++;
            }
        }
        return (jobs, forgotten, damaged);
    }

    private async Task<List<FoundIdentifier>> ListedAsync(
        NpgsqlConnection connection, HashSet<string> wanted, Dictionary<JobId, SearchedJob> jobs, CancellationToken cancel)
    {
        var listed = new List<FoundIdentifier>();
        string[] bots = [.. jobs.Values.Select(job => job.Bot).Distinct(StringComparer.Ordinal)];
        await foreach (var row in SealedManifests.ReadAsync(connection, keys, bots, [], cancel))
        {
            if (!jobs.TryGetValue(row.Job, out var job))
                continue; // submitted since
            for (var i = 0; i < row.Entries.Count; i++)
            {
                if (wanted.Contains(row.Entries[i].ConversationId))
                {
                    listed.Add(
                        new FoundIdentifier(
                            row.Entries[i].ConversationId, FoundAs.Conversation, row.Job, job.Bot, job.SubmittedAt, job.Status,
                            (long)row.Row * Manifest.RowSize + i, OutcomeCode.Name(row.Outcomes[i]), OutcomeCode.Reason(row.Outcomes[i]),
                            At: null)
                    );
                }
            }
        }
        return listed;
    }

    /// <summary>The instant when a conversation's latest outcome was recorded.</summary>
    private static async Task<DateTimeOffset?> InstantAsync(NpgsqlConnection connection, JobId job, long ordinal, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(InstantSql, connection)
        {
            Parameters = { new() { Value = job.Value }, new() { Value = ordinal } },
        };
        return await command.ExecuteScalarAsync(cancel) is DateTime at ? new DateTimeOffset(at) : null;
    }
}
