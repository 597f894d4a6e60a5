using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Engine;
using Npgsql;

namespace Ledger.Windows;

/// <summary>
/// Sends the wake-ups of windows. A wake-up is for a window and not for a job, so ten thousand jobs of tonight are one message.
/// </summary>
public sealed class WakeUps(Messages messages)
{
    /// <summary>
    /// The time before an instant in which a transaction sends a wake-up of its own. Such a transaction may be committed after the instant,
    /// when the instant's wake-up is spent. The sweep finds the work of transactions that take longer.
    /// </summary>
    private static readonly TimeSpan s_close = TimeSpan.FromSeconds(10);

    private static readonly string ForgetSql = Sql.Load(typeof(WakeUps), nameof(ForgetAsync));
    private static readonly string ForgetOldSql = Sql.Load(typeof(WakeUps), nameof(ForgetOldAsync));
    private static readonly string LookSql = Sql.Load(typeof(WakeUps), "Look");
    private static readonly string RecordSql = Sql.Load(typeof(WakeUps), "Record");

    /// <summary>For each window, the instant of a wake-up that is known to be recorded.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _recorded = new(StringComparer.Ordinal);

    /// <summary>Wakes the window when a job is due, for the transaction that plans the job.</summary>
    /// <param name="transaction">The transaction. The wake-up is sent once it is committed.</param>
    /// <param name="plan">The job's plan.</param>
    /// <param name="now">The approximate present instant. If it is close, the database's clock decides.</param>
    public async Task PlannedAsync(StreamTransaction transaction, Plan plan, DateTimeOffset now)
    {
        if (plan.PlannedAt - now > s_close && _recorded.TryGetValue(plan.Window.Name, out var next) && next <= plan.PlannedAt && next > now)
            return;
        if (await transaction.OutboxAsync(messages) is not { } outbox)
            return;
        if (plan.PlannedAt <= now)
            await outbox.SendAsync(new WakeWindow(plan.Window.Name, null), TimeSpan.Zero);
        else
            await RecordAsync(transaction.Connection, plan.Window.Name, plan.PlannedAt, outbox.SendAsync);
    }

    /// <summary>Wakes a window at an instant, unless it is woken before that anyway. The wake-up may be lost.</summary>
    public Task AtAsync(NpgsqlConnection connection, string window, DateTimeOffset at) =>
        RecordAsync(connection, window, at, async (message, delay) => await messages.SendAsync(message, delay));

    /// <summary>Wakes a window now. The wake-up may be lost.</summary>
    public Task NowAsync(string window) => messages.SendAsync(new WakeWindow(window, null), TimeSpan.Zero);

    /// <summary>Sends again a wake-up that came too early, because its sender's clock is fast.</summary>
    public Task AgainAsync(WakeWindow early, TimeSpan delay) => messages.SendAsync(early, delay);

    /// <summary>
    /// Forgets the spent wake-ups of a window, before any look for work. So a transaction that plans a job after this sees none of them.
    /// </summary>
    public static async Task ForgetAsync(NpgsqlConnection session, string window)
    {
        await using var command = new NpgsqlCommand(ForgetSql, session) { Parameters = { new() { Value = window } } };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Forgets the spent wake-ups of windows that had no turn since then.</summary>
    public static async Task ForgetOldAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ForgetOldSql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private async Task RecordAsync(
        NpgsqlConnection connection, string window, DateTimeOffset at, Func<WakeWindow, TimeSpan, ValueTask> send)
    {
        var (now, earlier) = await LookAsync(connection, window, at);
        if (earlier is { } next)
            _recorded[window] = next;
        if (earlier is not null && at - now > s_close)
            return;
        if (earlier is null)
        {
            await using var record = new NpgsqlCommand(RecordSql, connection)
            {
                Parameters = { new() { Value = window }, new() { Value = at.UtcDateTime } },
            };
            await record.ExecuteNonQueryAsync();
        }
        await send(new WakeWindow(window, at), at > now ? at - now : TimeSpan.Zero);
    }

    /// <returns>The database's clock, and the first wake-up of the window from then on to the instant.</returns>
    private static async Task<(DateTimeOffset Now, DateTimeOffset? Earlier)> LookAsync(
        NpgsqlConnection connection, string window, DateTimeOffset at)
    {
        await using var look = new NpgsqlCommand(LookSql, connection)
        {
            Parameters = { new() { Value = window }, new() { Value = at.UtcDateTime } },
        };
        await using var reader = await look.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (
            reader.GetFieldValue<DateTimeOffset>(0),
            await reader.IsDBNullAsync(1) ? null : reader.GetFieldValue<DateTimeOffset>(1));
    }
}
