using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Npgsql;

namespace Ledger.Log;

/// <summary>A checkpoint as stored, its signature verified.</summary>
/// <param name="Note">The signed note, with the cosignatures of witnesses.</param>
/// <param name="IsPublished">True if it is served, and unlocks deletions.</param>
public sealed record StoredCheckpoint(Checkpoint Checkpoint, string Note, bool IsPublished);

/// <summary>Every checkpoint ever signed.</summary>
internal static class CheckpointStore
{
    private static readonly string LatestSql = Sql.Load(typeof(CheckpointStore), nameof(LatestAsync));
    private static readonly string AddSql = Sql.Load(typeof(CheckpointStore), nameof(AddAsync));
    private static readonly string PublishSql = Sql.Load(typeof(CheckpointStore), nameof(PublishAsync));
    private static readonly string LatestPublishedSql = Sql.Load(typeof(CheckpointStore), "LatestPublished");
    private static readonly string CoverSql = Sql.Load(typeof(CheckpointStore), nameof(CoverAsync));

    /// <summary>The largest checkpoint of the key's origin. Null if there is none.</summary>
    /// <param name="published">True for published checkpoints only.</param>
    /// <exception cref="LogException">The stored checkpoint was not signed by this key.</exception>
    public static async Task<StoredCheckpoint?> LatestAsync(
        NpgsqlConnection connection, NoteVerifier key, bool published, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(published ? LatestPublishedSql : LatestSql, connection)
        {
            Parameters = { new() { Value = key.Name } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            return null;
        var (size, root, note) = (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetString(2));
        return Open(note, key) is { } checkpoint && checkpoint == new Checkpoint(key.Name, size, root)
            ? new StoredCheckpoint(checkpoint, note, reader.GetBoolean(3))
            : throw new LogException(
                $"the checkpoint of size {size} in the database was not signed by this log's key: somebody else wrote it. It is not "
                + "served, and nothing is signed; find out who wrote to log_checkpoints, and restore the database from a backup"
            );
    }

    /// <summary>Stores a signed checkpoint. If it is stored already, by this or another node, nothing changes.</summary>
    /// <exception cref="LogException">Another root of the same size is stored.</exception>
    public static async Task AddAsync(NpgsqlConnection connection, Checkpoint checkpoint, SignedNote note, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(AddSql, connection)
        {
            Parameters =
            {
                new() { Value = checkpoint.Origin },
                new() { Value = checkpoint.Size },
                new() { Value = checkpoint.Root },
                new() { Value = note.ToString() },
            },
        };
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "log_checkpoints_size" })
        {
            // Ed25519 is deterministic: the same checkpoint has the same note. LatestAsync judges what is stored.
        }
    }

    /// <summary>Publishes a stored checkpoint, so that it is served and unlocks deletions.</summary>
    /// <returns>False if another node stored something else meanwhile. That stays, and the next pass goes on from there.</returns>
    public static async Task<bool> PublishAsync(
        NpgsqlConnection connection, Checkpoint checkpoint, string note, bool isPublished, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(PublishSql, connection)
        {
            Parameters =
            {
                new() { Value = checkpoint.Origin },
                new() { Value = checkpoint.Size },
                new() { Value = note },
                new() { Value = isPublished },
            },
        };
        return await command.ExecuteNonQueryAsync(cancel) == 1;
    }

    /// <summary>
    /// Records until when everything is covered, at most once a second if nothing else is new. Every pass does it, so that the next pass
    /// does what a crash left.
    /// </summary>
    public static async Task CoverAsync(
        NpgsqlConnection connection, string origin, DateTimeOffset until, bool isHeartbeat, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CoverSql, connection)
        {
            Parameters =
            {
                new() { Value = origin }, new() { Value = until.UtcDateTime },
                new() { Value = isHeartbeat ? TimeSpan.FromSeconds(1) : TimeSpan.Zero },
            },
        };
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static Checkpoint? Open(string note, NoteVerifier key)
    {
        try
        {
            return Checkpoint.Open(SignedNote.Parse(note), key);
        }
        catch (Exception e) when (e is FormatException or InvalidProofException)
        {
            return null;
        }
    }
}
