using System.ComponentModel;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Jobs;
using Ledger.Jobs.Erased;
using Npgsql;

namespace Ledger.Holds;

/// <summary>A deletion that came before a hold, as far as the ledger still knows.</summary>
public sealed record EarlierDeletion(
    [property: Description("The job that deleted.")] JobId JobId,
    [property: Description("The conversation that it deleted; null for a hold on a channel user.")] string? ConversationId,
    [property: Description("Number of conversations that it deleted: 1, or all that the job of the channel user deleted.")]
    long DeletedCount)
{
    /// <summary>The type's name without its members.</summary>
    public override string ToString() => nameof(EarlierDeletion);
}

/// <summary>
/// Finds what jobs of a bot deleted of what is held. Of a forgotten job nothing is known any more. For a channel user it names the jobs
/// that asked for this user. A job that asked by ids may have deleted conversations of the user too, but nothing tells.
/// </summary>
public sealed class DeletedBefore(NpgsqlDataSource database, IdentifierSearch search, ErasedIndex erased)
{
    private static readonly string CountsSql = Sql.Load(typeof(DeletedBefore), nameof(CountsAsync));

    /// <summary>The deletions, by job. Ask after the hold is recorded: there are no more from then on.</summary>
    public async Task<IReadOnlyList<EarlierDeletion>> FindAsync(string bot, HeldIdentifiers held, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return held.CId is { } cId
            ? await CountsAsync(connection, await search.JobsOfChannelUserAsync(cId, bot, cancel), cancel)
            : [.. (await ErasedAsync(connection, bot, held.ConversationIds!, cancel)).Select(one =>
                new EarlierDeletion(one.Job, one.ConversationId, 1))];
    }

    private async Task<IReadOnlyList<(string ConversationId, JobId Job)>> ErasedAsync(
        NpgsqlConnection connection, string bot, IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await erased.FindJobsAsync(connection, bot, except: default, ids, cancel);
            }
            catch (ErasedNotReadException)
            {
                await erased.ReadAsync(connection, bot, cancel);
            }
        }
    }

    private static async Task<IReadOnlyList<EarlierDeletion>> CountsAsync(
        NpgsqlConnection connection, IReadOnlyList<JobId> jobs, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CountsSql, connection)
        {
            Parameters = { new() { Value = jobs.Select(job => job.Value).ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var deletions = new List<EarlierDeletion>();
        while (await reader.ReadAsync(cancel))
            deletions.Add(new EarlierDeletion(new JobId(reader.GetGuid(0)), null, reader.GetInt64(1)));
        return deletions;
    }
}
