using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>A message that the engine has given up, and that no delivery's record tells of.</summary>
/// <param name="Id">The engine's id of it.</param>
/// <param name="Kind">Its kind's name, such as <c>wake_window</c>.</param>
/// <param name="Failure">The type of what failed. The engine is told no more.</param>
/// <param name="FailedAt">When it was given up.</param>
/// <param name="ReplayedBy">Who had it handled again, and it failed again; null: nobody.</param>
/// <param name="ReplayedAt">When, at the latest.</param>
public sealed record DeadLetter(
    Guid Id, string Kind, string Failure, DateTimeOffset FailedAt, string? ReplayedBy, DateTimeOffset? ReplayedAt);

/// <summary>Shows the engine's dead letters, and lets them go.</summary>
public sealed class DeadLetters(NpgsqlDataSource database)
{
    private static readonly string ListSql = Sql.Load(typeof(DeadLetters), nameof(ListAsync));
    private static readonly string ReplaySql = Sql.Load(typeof(DeadLetters), nameof(ReplayAsync));

    /// <summary>The latest, newest first.</summary>
    public async Task<IReadOnlyList<DeadLetter>> ListAsync(int limit, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ListSql);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var letters = new List<DeadLetter>();
        while (await reader.ReadAsync(cancel))
        {
            letters.Add(new DeadLetter(
                reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3),
                await reader.IsDBNullAsync(4, cancel) ? null : reader.GetString(4),
                await reader.IsDBNullAsync(5, cancel) ? null : reader.GetFieldValue<DateTimeOffset>(5)));
        }
        return letters;
    }

    /// <summary>Has them handled again. A node begins within a second or two.</summary>
    /// <param name="ids">These; null: all.</param>
    /// <param name="by">Who asks, for the record.</param>
    /// <param name="cancel">Stops the write.</param>
    /// <returns>How many.</returns>
    public async Task<int> ReplayAsync(IReadOnlyCollection<Guid>? ids, string by, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ReplaySql);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Uuid, (object?)ids?.ToArray() ?? DBNull.Value);
        command.Parameters.AddWithValue(by);
        return await command.ExecuteNonQueryAsync(cancel);
    }
}
