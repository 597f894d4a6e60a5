using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Marten;
using Npgsql;

namespace Ledger.Notifications.Deadlines;

/// <summary>
/// Tells bot owners of cases whose deadline is near, or over, while the job has not ended (docs/adr/0051). Every node looks once a minute.
/// A notification is derived from job, kind and topic. So each is queued once, whichever node is first.
/// </summary>
public sealed class DeadlineAlarms(
    NpgsqlDataSource database, IDocumentStore store, Messages messages, TimeProvider time, ILogger<DeadlineAlarms> log)
    : Duty(TimeSpan.FromMinutes(1), time, log)
{
    /// <summary>Days before the deadline from which it is near.</summary>
    public const int NearDays = 7;

    private const int JobsPerStatement = 100;

    private static readonly string FindSql = Sql.Load(typeof(DeadlineAlarms), nameof(FindAsync));
    private static readonly string WarningSql = Sql.Load(typeof(DeadlineAlarms), nameof(WarningAsync));

    /// <inheritdoc/>
    protected override string Failing => "nobody is told of deadlines";

    /// <summary>One pass.</summary>
    public override async Task RunOnceAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        while (await FindAsync(connection, cancel) is { Count: > 0 } due)
        {
            var queued = 0;
            foreach (var (job, bot, topic) in due)
            {
                await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
                queued += await Deliveries.QueueAsync(transaction, messages, job, bot, topic, cancel);
                await transaction.CommitAsync(cancel);
            }
            // Another node was first with all of them, or they cannot be queued: the next pass looks again.
            if (queued == 0)
                return;
        }
    }

    /// <summary>The warning for a node's health, which names no job and no bot. Null if there is nothing to warn of.</summary>
    public async Task<string?> WarningAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(WarningSql);
        command.Parameters.AddWithValue(NearDays);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var (late, near) = (reader.GetInt64(0), reader.GetInt64(1));
        return late + near == 0
            ? null
            : $"{late} unfinished jobs are past the day on which their case was due, and {near} are due within {NearDays} days: "
                + $"`ledger jobs --due-within {NearDays}d` names them";
    }

    private static async Task<List<(JobId Job, string Bot, NotificationTopic Topic)>> FindAsync(
        NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(FindSql, connection)
        {
            Parameters = { new() { Value = NearDays }, new() { Value = JobsPerStatement } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var due = new List<(JobId, string, NotificationTopic)>();
        while (await reader.ReadAsync(cancel))
            due.Add((new JobId(reader.GetGuid(0)), reader.GetString(1), Notification.TopicOf(reader.GetString(2))));
        return due;
    }
}
