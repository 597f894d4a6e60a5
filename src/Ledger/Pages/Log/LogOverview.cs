using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Log.Cosigning;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Pages.Log;

/// <summary>The present state of the log.</summary>
/// <param name="Origin">Its name. Null if nobody has written it yet.</param>
/// <param name="Size">Number of events in it.</param>
/// <param name="CoveredUntil">A published checkpoint covers every event recorded before this instant. Null if none is covered.</param>
/// <param name="Now">The present instant by the database's clock, like <paramref name="CoveredUntil"/>.</param>
/// <param name="PublishedSize">The size of the latest published checkpoint. Null if there is none.</param>
/// <param name="Waiting">Number of appends that are not in the log yet, at most 1,000.</param>
/// <param name="Problem">The problem that stops it. Null if there is none.</param>
public sealed record LogStanding(
    string? Origin, long Size, DateTimeOffset? CoveredUntil, DateTimeOffset Now, long? PublishedSize, DateTimeOffset? PublishedAt,
    long Waiting, string? Problem)
{
    /// <summary>True if everything recorded is covered.</summary>
    public bool IsCurrent => Waiting == 0 && PublishedSize == Size;

    /// <summary>The delay of the published log behind what is recorded.</summary>
    public TimeSpan Lag => IsCurrent || CoveredUntil is not { } until || until > Now ? TimeSpan.Zero : Now - until;
}

/// <summary>A checkpoint as the console lists it.</summary>
/// <param name="PublishedAt">The instant when it was published. Null while it waits for witnesses.</param>
/// <param name="Witnesses">The witnesses that cosigned it.</param>
public sealed record ListedCheckpoint(
    long Size, byte[] Root, DateTimeOffset SignedAt, DateTimeOffset? PublishedAt, IReadOnlyList<Cosigner> Witnesses);

/// <summary>A witness's line on a checkpoint.</summary>
/// <param name="Name">The policy's name for it. If no policy has it, the name of its key.</param>
/// <param name="At">The instant when it cosigned, by its own clock. Null if the line was not checked: this node does not know its
/// key.</param>
public sealed record Cosigner(string Name, DateTimeOffset? At);

/// <summary>Reads the present state of the log, and its checkpoints.</summary>
internal sealed class LogOverview(NpgsqlDataSource database, LogReadiness readiness, Witnesses? witnesses = null)
{
    private static readonly string StateSql = Sql.Load(typeof(LogOverview), nameof(StateAsync));
    private static readonly string CheckpointsSql = Sql.Load(typeof(LogOverview), nameof(CheckpointsAsync));

    /// <summary>The witnesses that this node asks. Null if there are none, or if other nodes write the log.</summary>
    public Policy? Policy => witnesses?.Policy;

    public async Task<LogStanding> StateAsync(CancellationToken cancel)
    {
        var problem = await readiness.ProblemAsync(cancel);
        await using var command = database.CreateCommand(StateSql);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            throw new LogException("the database has lost the log's state (log_state is empty): restore it from a backup");
        return new LogStanding(
            Value<string>(reader, 0), reader.GetInt64(1), Instant(reader, 2), reader.GetFieldValue<DateTimeOffset>(3),
            reader.IsDBNull(4) ? null : reader.GetInt64(4), Instant(reader, 5), reader.GetInt64(6), problem);
    }

    /// <summary>The checkpoints, newest first.</summary>
    /// <param name="below">Only checkpoints smaller than this. Null for all.</param>
    public async Task<IReadOnlyList<ListedCheckpoint>> CheckpointsAsync(string origin, long? below, int limit, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(CheckpointsSql);
        command.Parameters.AddWithValue(origin);
        command.Parameters.AddWithValue(NpgsqlDbType.Bigint, (object?)below ?? DBNull.Value);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var checkpoints = new List<ListedCheckpoint>();
        while (await reader.ReadAsync(cancel))
        {
            checkpoints.Add(
                new ListedCheckpoint(
                    reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<DateTimeOffset>(3), Instant(reader, 4),
                    Cosigners(reader.GetString(2), origin))
            );
        }
        return checkpoints;
    }

    /// <summary>The signers of the note, without the log itself. For a known witness, the instant is given only if its signature
    /// holds.</summary>
    private IReadOnlyList<Cosigner> Cosigners(string text, string origin)
    {
        var note = SignedNote.Parse(text);
        var known = new Dictionary<string, Cosigner>(StringComparer.Ordinal);
        foreach (var witness in Policy?.Witnesses ?? [])
        {
            try
            {
                foreach (var (key, signature) in note.SignedBy(witness.Key))
                    known[key.Name] = new Cosigner(witness.Name, Cosignature.At(signature));
            }
            catch (InvalidProofException)
            {
                // A line in its name that it did not sign: shown as one that was not checked.
            }
        }
        return
        [
            .. note
                .Signatures.Select(signature => signature.Name)
                .Where(name => name != origin)
                .Distinct(StringComparer.Ordinal)
                .Select(name => known.GetValueOrDefault(name) ?? new Cosigner(name, At: null))
                .OrderBy(cosigner => cosigner.Name, StringComparer.Ordinal),
        ];
    }

    private static T? Value<T>(NpgsqlDataReader row, int column)
        where T : class => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);

    private static DateTimeOffset? Instant(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
