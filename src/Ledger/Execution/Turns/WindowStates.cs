using System.Collections.Concurrent;
using Ledger.Database;
using Ledger.Registry;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Execution.Turns;

/// <summary>The due jobs of a window.</summary>
/// <param name="Window">Its name.</param>
/// <param name="Now">The database's clock.</param>
/// <param name="Due">Number of due jobs: 0, 1, or 2 for more.</param>
/// <param name="Next">The instant when the next job becomes due. Null if none will.</param>
public sealed record WindowState(string Window, DateTimeOffset Now, int Due, DateTimeOffset? Next);

/// <summary>
/// Asks what is due in windows. Jobs that have ended stay in the index as long as an open snapshot could see them, so a look begins at the
/// first job that the last one found. Once a minute it begins at the front, to find jobs that were committed late or by a slow clock.
/// </summary>
public sealed class WindowStates(TimeProvider time)
{
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromMinutes(1);
    private static readonly string ReadSql = Sql.Load(typeof(WindowStates), nameof(ReadAsync));
    private static readonly string ReadUnpausedSql = Sql.Load(typeof(WindowStates), nameof(ReadUnpausedAsync));

    private readonly ConcurrentDictionary<string, Front> _fronts = new(StringComparer.Ordinal);

    private sealed record Front(DateTimeOffset PlannedAt, DateTimeOffset SubmittedAt, Guid Job, long LookedAt);

    /// <summary>Reads the due jobs of these windows, open or not. Jobs of paused bots are not due.</summary>
    public Task<IReadOnlyList<WindowState>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<string> windows, RegistrySnapshot registry, CancellationToken cancel) =>
        registry switch
        {
            { Whole.Pause: not null } => ReadUnpausedAsync(connection, windows, [], cancel),
            { UnpausedBots: { } bots } => ReadUnpausedAsync(connection, windows, bots, cancel),
            _ => ReadAsync(connection, windows, cancel),
        };

    private static async Task<IReadOnlyList<WindowState>> ReadUnpausedAsync(
        NpgsqlConnection connection, IReadOnlyList<string> windows, IReadOnlyList<string> bots, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(ReadUnpausedSql, connection)
        {
            Parameters = { new() { Value = windows.ToArray() }, new() { Value = bots.ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var states = new List<WindowState>();
        while (await reader.ReadAsync(cancel))
        {
            states.Add(new WindowState(
                reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetInt32(2),
                await reader.IsDBNullAsync(3, cancel) ? null : reader.GetFieldValue<DateTimeOffset>(3)));
        }
        return states;
    }

    /// <summary>Reads the due jobs of these windows, where nothing is paused.</summary>
    internal async Task<IReadOnlyList<WindowState>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<string> windows, CancellationToken cancel)
    {
        var fronts = windows.ToDictionary(window => window, FrontOf, StringComparer.Ordinal);
        await using var command = new NpgsqlCommand(ReadSql, connection)
        {
            Parameters =
            {
                new() { Value = fronts.Keys.ToArray() },
                new() { Value = fronts.Values.Select(front => front.PlannedAt.UtcDateTime).ToArray(), NpgsqlDbType = Instants },
                new() { Value = fronts.Values.Select(front => front.SubmittedAt.UtcDateTime).ToArray(), NpgsqlDbType = Instants },
                new() { Value = fronts.Values.Select(front => front.Job).ToArray() },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var states = new List<WindowState>();
        while (await reader.ReadAsync(cancel))
        {
            var (window, now) = (reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1));
            var next = await reader.IsDBNullAsync(3, cancel) ? (DateTimeOffset?)null : reader.GetFieldValue<DateTimeOffset>(3);
            states.Add(new WindowState(window, now, reader.GetInt32(2), next));
            // Where nothing is left, nothing comes that is due much earlier than now.
            _fronts[window] = await reader.IsDBNullAsync(4, cancel)
                ? new Front(now - s_betweenLooks, DateTimeOffset.MinValue, Guid.Empty, fronts[window].LookedAt)
                : new Front(
                    reader.GetFieldValue<DateTimeOffset>(4), reader.GetFieldValue<DateTimeOffset>(5), reader.GetGuid(6),
                    fronts[window].LookedAt);
        }
        return states;
    }

    private static NpgsqlDbType Instants => NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;

    private Front FrontOf(string window) =>
        _fronts.TryGetValue(window, out var front) && time.GetElapsedTime(front.LookedAt) < s_betweenLooks
            ? front
            : new Front(DateTimeOffset.MinValue, DateTimeOffset.MinValue, Guid.Empty, time.GetTimestamp());
}
