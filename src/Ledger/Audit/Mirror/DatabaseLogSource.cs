using System.Runtime.CompilerServices;
using Ledger.Database;

namespace Ledger.Audit.Mirror;

/// <summary>The log as a database has it, at one instant.</summary>
internal sealed class DatabaseLogSource(AuditSnapshot snapshot) : ILogSource
{
    private static readonly string CheckpointSql = Sql.Load(typeof(DatabaseLogSource), nameof(CheckpointAsync));

    public async Task<string?> CheckpointAsync(CancellationToken cancel)
    {
        await using var command = AuditSnapshot.Command(await snapshot.ConnectAsync(cancel), CheckpointSql);
        return (string?)await command.ExecuteScalarAsync(cancel);
    }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EntriesAsync(long from, long to, [EnumeratorCancellation] CancellationToken cancel)
    {
        var findings = new Findings();
        await foreach (var leaf in LoggedEvents.ReadAsync(await snapshot.ConnectAsync(cancel), from, to, findings, cancel))
        {
            yield return leaf.Entry
                ?? throw new MirrorException($"{leaf} cannot be exported: its event is missing or was changed. `ledger audit` says more");
        }
    }
}
