using Ledger.Database;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Notifications;

/// <summary>A message that the engine has given up, and that no delivery's record mentions.</summary>
/// <param name="Id">The engine's id of the message.</param>
/// <param name="Kind">The name of its kind, such as <c>wake_window</c>.</param>
/// <param name="Failure">The type of the failure. The engine knows no more.</param>
/// <param name="FailedAt">The instant when it was given up.</param>
/// <param name="ReplayedBy">The person who had it handled again before it failed again. Null if nobody did.</param>
/// <param name="ReplayedAt">The latest instant when that was asked.</param>
public sealed record DeadLetter(
    Guid Id, string Kind, string Failure, DateTimeOffset FailedAt, string? ReplayedBy, DateTimeOffset? ReplayedAt);

/// <summary>Lists the engine's dead letters, and has them handled again.</summary>
public sealed class DeadLetters(NpgsqlDataSource database)
{
    private static readonly string ListSql = Sql.Load(typeof(DeadLetters), nameof(ListAsync));
    private static readonly string ReplaySql = Sql.Load(typeof(DeadLetters), nameof(ReplayAsync));

    /// <summary>The latest dead letters, newest first.</summary>
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

    /// <summary>Has dead letters handled again. A node begins within a second or two.</summary>
    /// <param name="ids">Only these. Null for all.</param>
    /// <param name="by">The person who asks, for the record.</param>
    /// <param name="cancel">Stops the write.</param>
    /// <returns>Number of dead letters to handle again.</returns>
    public async Task<int> ReplayAsync(IReadOnlyCollection<Guid>? ids, string by, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ReplaySql);
        command.Parameters.AddWithValue(NpgsqlDbType.Array | NpgsqlDbType.Uuid, (object?)ids?.ToArray() ?? DBNull.Value);
        command.Parameters.AddWithValue(by);
        return await command.ExecuteNonQueryAsync(cancel);
    }
}
