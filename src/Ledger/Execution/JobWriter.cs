using System.Text.Json;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Engine;
using Ledger.Notifications;
using Ledger.Windows;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Execution;

/// <summary>Appends the events decided for a claimed job and writes what follows from them, all in the claim's transaction.</summary>
public sealed class JobWriter(WakeUps wakeUps, Messages messages)
{
    private static readonly string KeepSql = Sql.Load(typeof(JobWriter), "Keep");

    /// <summary>Sends events, documents and the job's own rows. The caller commits.</summary>
    /// <param name="transaction">The claim's transaction.</param>
    /// <param name="claimed">The job.</param>
    /// <param name="events">The events that were decided. None changes nothing.</param>
    /// <param name="at">
    /// The instant that the events are recorded with: the database's clock when they were true, moved as
    /// <see cref="Projections.Jobs.Job.InstantAfter"/> says.
    /// </param>
    /// <param name="resolving">The progress of resolving the list, after this write.</param>
    /// <param name="alongside">Commands that must each change exactly one row.</param>
    /// <param name="closing">The instant from which it is too late. Null if it is never too late.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="WindowClosedException">The window has closed. The caller rolls back.</exception>
    public async Task WriteAsync(
        StreamTransaction transaction, ClaimedJob claimed, IReadOnlyList<JobEvent> events, DateTimeOffset at, ListCursor? resolving,
        IReadOnlyList<NpgsqlBatchCommand> alongside, DateTimeOffset? closing, CancellationToken cancel)
    {
        if (events.Count > 0)
            transaction.Append(claimed.Stream, events, claimed.Job.InstantAfter(at));
        foreach (var plan in events.OfType<Scheduled>())
            await wakeUps.PlannedAsync(transaction, new Plan(plan.PlannedAt, plan.Window), at);
        var rows = new List<NpgsqlBatchCommand>();
        if (events.Count > 0 && events[^1] is Completed)
        {
            await Deliveries.QueueAsync(transaction, messages, claimed.Id, claimed.Job.Bot, NotificationTopic.Ended, cancel);
            rows.Add(new("delete from ledger.job_work where job_id = $1") { Parameters = { new() { Value = claimed.Id.Value } } });
        }
        else if (resolving != claimed.Resolving)
        {
            rows.Add(Keep(claimed.Id, resolving));
        }
        await transaction.WriteAsync(rows, alongside, closing, cancel);
    }

    private static NpgsqlBatchCommand Keep(JobId job, ListCursor? resolving) => new(KeepSql)
    {
        Parameters =
        {
            new() { Value = job.Value },
            new()
            {
                Value = resolving is null ? DBNull.Value : JsonSerializer.Serialize(resolving, ListCursorJson.Default.ListCursor),
                NpgsqlDbType = NpgsqlDbType.Jsonb,
            },
        },
    };
}
