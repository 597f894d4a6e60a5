using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Database;
using Ledger.Database.Embedded;
using Ledger.Engine;
using Ledger.Keys;
using Ledger.Machine;
using Ledger.Projections;
using Marten;
using Npgsql;

namespace Ledger.Log;

/// <summary>
/// Gives the log a new name and key. The tree goes on, and an event in it tells of the change. It is for a log that lost from the database,
/// for good, what was signed under the old name. It is also for a log whose key became known to others.
/// </summary>
public static class OriginChange
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly string StateSql = Sql.Load(typeof(OriginChange), "LockState");
    private static readonly string RenameSql = Sql.Load(typeof(OriginChange), "Rename");

    /// <summary>Opens the new origin.</summary>
    /// <param name="folder">
    /// The key folder that this log is signed with. Other copies of it must be replaced by this one afterwards.
    /// </param>
    /// <returns>The new key.</returns>
    /// <exception cref="LogException">The name cannot be changed. The message says why.</exception>
    public static async Task<NoteVerifier> RunAsync(
        NpgsqlDataSource database, IDocumentStore store, string folder, string origin, string actor, string? reason, TimeProvider time,
        CancellationToken cancel)
    {
        if (LogKeyFile.OriginProblem(origin) is { } problem)
            throw new LogException(problem);
        using var held = await LockAsync(folder, time, cancel);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await StreamTransaction.BeginAsync(store, connection, cancel);
        var version = await transaction.LockAsync(StreamIds.Log, cancel);
        var (state, isUsed) = await StateAsync(connection, origin, cancel);
        if (isUsed || state.Origin == origin)
            throw new LogException($"this log went under the name {origin} already: a new name must be one that it never had");
        var opened = Opened(folder, state, origin, actor, reason);
        var key = LogKeyFile.Prepare(folder, origin);
        transaction.Append<LogStream>(StreamIds.Log, version, [opened], state.Now);
        await transaction.WriteAsync([], [new(RenameSql) { Parameters = { new() { Value = origin } } }], closing: null, cancel);
        FaultPoint.At("log.new-origin.before-commit");
        await transaction.CommitAsync(CancellationToken.None);
        // A crash here leaves the prepared key, which the next signer of the new name takes into use.
        FaultPoint.At("log.new-origin.after-commit");
        LogKeyFile.Exchange(folder);
        return key.Verifier;
    }

    /// <summary>The event by which the new log tells of the old one. It names the last checkpoint that was signed, as far as this folder
    /// knows.</summary>
    private static OriginOpened Opened(string folder, LogState state, string origin, string actor, string? reason)
    {
        var last = LogKeyFile.TryReadKey(folder) is { } old ? TryLast(folder, old.Verifier) : null;
        return new OriginOpened(origin, last?.Origin ?? state.Origin ?? "", state.Size, last?.Size, last?.Root)
        {
            Actor = actor,
            Reason = reason,
        };
    }

    /// <summary>The last checkpoint. Null if there is none, or if the file is damaged, which can be the reason for a new name.</summary>
    private static Checkpoint? TryLast(string folder, NoteVerifier key)
    {
        try
        {
            return LogSigner.Read(Path.Combine(folder, LogSigner.CheckpointFile), key);
        }
        catch (LogException)
        {
            return null;
        }
    }

    private static async Task<FileLock> LockAsync(string folder, TimeProvider time, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        FileLock? held;
        while ((held = LogSigner.TryLock(folder)) is null)
        {
            if (time.GetElapsedTime(began) > Patience)
                throw new LogException(
                    $"another process has been signing with '{folder}' for {Patience.TotalSeconds:0} s: try again, or end it");
            await Task.Delay(PollInterval, time, cancel);
        }
        return held;
    }

    private static async Task<(LogState State, bool IsUsed)> StateAsync(
        NpgsqlConnection connection, string origin, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(StateSql, connection) { Parameters = { new() { Value = origin } } };
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel))
            throw new LogException("the database has lost the log's state (log_state is empty): restore it from a backup");
        var state = new LogState(
            await reader.IsDBNullAsync(0, cancel) ? null : reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2),
            reader.GetFieldValue<DateTimeOffset>(3));
        return (state, reader.GetBoolean(4));
    }
}
