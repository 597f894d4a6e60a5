using Ledger.Contracts;
using Ledger.Database;
using Npgsql;

namespace Ledger.Audit.Tree;

/// <summary>
/// Looks at the events that no checkpoint covers. While a service runs there are always some, for less than a second. Older ones are a
/// finding: without a signature nothing shows that they were not written by whoever owns the database.
/// </summary>
/// <param name="size">Leaves of the log.</param>
/// <param name="now">The instant of the snapshot, by the database's clock.</param>
internal sealed class UnsignedTail(NpgsqlConnection connection, long size, DateTimeOffset now, Findings findings)
{
    /// <summary>Within this time a running service has signed what it recorded.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    private static readonly string ReadSql = Sql.Load(typeof(UnsignedTail), nameof(ReadAsync));

    private sealed record Tail(long Events, DateTimeOffset Oldest, bool IsOld);

    /// <param name="covered">Leaves that a checkpoint of the database covers, which agrees with the tree.</param>
    /// <param name="outside">The largest one that is kept elsewhere and agrees; null: there is none.</param>
    public async Task CheckAsync(long covered, KeptCheckpoint? outside, CancellationToken cancel)
    {
        var tail = await ReadAsync(covered, cancel);
        if (outside?.Checkpoint.Size > covered)
        {
            if (tail.IsOld)
                AddRemoved(covered, outside);
            covered = outside.Checkpoint.Size;
            tail = await ReadAsync(covered, cancel);
        }
        if (tail.IsOld)
            AddUnsigned(covered, tail);
        else if (tail.Events > 0)
            findings.Note($"Not signed yet: {Count(tail)}. A running service signs within a second.");
    }

    private void AddUnsigned(long covered, Tail tail) => findings.Add(
        FindingKind.UnsignedTail, $"leaf {covered} and what follows it",
        $"a signature over all {size} leaves, and nothing queued for longer than {MaxAge.TotalSeconds} s",
        $"{(covered == 0 ? "none" : $"one over the first {covered} leaves")}; without one: {Count(tail)}",
        "If no service runs, start one with the log's keys (`ledger serve`) and audit again: it signs what goes on from what it "
        + "signed before, and says so where something does not. If one runs, its log says why it does not sign. Until then nothing "
        + "shows who wrote these events: checkpoints may have been removed and the log rewritten past the ledger. A checkpoint that "
        + "you kept (--checkpoint) or a mirror tells.");

    private static string Count(Tail tail) =>
        $"{tail.Events:N0} {(tail.Events == 1 ? "event" : "events")}, the oldest of {Instant.Text(tail.Oldest)}";

    private void AddRemoved(long covered, KeptCheckpoint outside) => findings.Add(
        FindingKind.CheckpointRemoved, "ledger.log_checkpoints", outside.Name,
        covered == 0 ? "none that holds" : $"none that holds larger than {covered}",
        "What was signed is stored at once, and stays: the row was removed past the ledger. The leaves are those that were signed. "
        + "A running service stores its latest checkpoint again.");

    private async Task<Tail> ReadAsync(long covered, CancellationToken cancel)
    {
        await using var command = AuditSnapshot.Command(connection, ReadSql, covered, now.UtcDateTime, MaxAge);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var oldest = reader.IsDBNull(1) ? now : reader.GetFieldValue<DateTimeOffset>(1);
        return new Tail(size - covered + reader.GetInt64(0), oldest, reader.GetBoolean(2));
    }
}
