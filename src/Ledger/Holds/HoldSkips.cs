using System.ComponentModel;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Database;
using Npgsql;

namespace Ledger.Holds;

/// <summary>A job that skipped conversations because of a hold.</summary>
public sealed record HeldJob(
    JobId JobId,
    [property: Description("Number of conversations that it skipped because of the hold.")] long Conversations);

/// <summary>
/// The jobs that skipped conversations because of holds. No event says which hold it was. It holds no identifier of a conversation, and
/// stays when the hold has ended.
/// </summary>
public static class HoldSkips
{
    private static readonly string AddSql = Sql.Load(typeof(HoldSkips), nameof(Add));
    private static readonly string ReadSql = Sql.Load(typeof(HoldSkips), nameof(ReadAsync));

    /// <summary>Records that a job skipped conversations because of a hold.</summary>
    public static NpgsqlBatchCommand Add(HoldId hold, JobId job, long conversations) => new(AddSql)
    {
        Parameters = { new() { Value = hold.Value }, new() { Value = job.Value }, new() { Value = conversations } },
    };

    /// <summary>The jobs that skipped conversations because of the hold. Each owes their erasure once the hold has ended.</summary>
    public static async Task<IReadOnlyList<HeldJob>> ReadAsync(NpgsqlConnection connection, HoldId hold, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new() { Value = hold.Value } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var jobs = new List<HeldJob>();
        while (await reader.ReadAsync(cancel))
            jobs.Add(new HeldJob(new JobId(reader.GetGuid(0)), reader.GetInt64(1)));
        return jobs;
    }
}
