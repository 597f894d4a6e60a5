using Ledger.Contracts.Transparency;

namespace Ledger.Audit.Tree;

/// <summary>A checkpoint that was signed, by where it is kept.</summary>
/// <param name="Name">Such as <c>the checkpoint at size 12 (ledger.log_checkpoints)</c>.</param>
/// <param name="IsCounted">Its leaves count as covered: its signature holds, or there is no key to check signatures with.</param>
internal sealed record KeptCheckpoint(Checkpoint Checkpoint, string Name, bool IsCounted)
{
    /// <summary>As in <see cref="KeptNote.IsOfEarlierName"/>.</summary>
    public bool IsOfEarlierName { get; init; }
}

/// <summary>Compares the roots of checkpoints with those of a tree that grows.</summary>
/// <param name="checkpoints">By ascending size.</param>
/// <param name="origin">The log's name now; null: it has none yet.</param>
/// <param name="findings">Receives the differences.</param>
internal sealed class CheckpointCheck(IAsyncEnumerable<KeptCheckpoint> checkpoints, string? origin, Findings findings) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<KeptCheckpoint> _checkpoints = checkpoints.GetAsyncEnumerator();
    private KeptCheckpoint? _next;
    private long _lastAgreed = -1;

    /// <summary>The largest checkpoint that agrees with the tree, and whose signature holds if there are keys; null: none.</summary>
    public KeptCheckpoint? Agreed { get; private set; }

    /// <summary>The leaves that it covers.</summary>
    public long Covered => Agreed?.Checkpoint.Size ?? 0;

    /// <summary>Checkpoints compared.</summary>
    public long Checked { get; private set; }

    /// <summary>Begins at a tree's size: smaller checkpoints are passed over.</summary>
    public async Task BeginAsync(MerkleRoot tree)
    {
        do
            await MoveNextAsync();
        while (_next?.Checkpoint.Size < tree.Size);
        await ReachedAsync(tree);
    }

    /// <summary>The tree has grown by a leaf.</summary>
    public ValueTask ReachedAsync(MerkleRoot tree) =>
        _next?.Checkpoint.Size == tree.Size ? new(CompareAsync(tree)) : ValueTask.CompletedTask;

    /// <summary>The tree is complete: what is left was signed for more leaves than there are.</summary>
    public async Task FinishAsync(MerkleRoot tree)
    {
        for (; _next is { } next; await MoveNextAsync())
        {
            Checked++;
            if (next.IsOfEarlierName)
            {
                NoteLost(next);
                continue;
            }
            findings.Add(
                FindingKind.RolledBack,
                next.Name,
                $"a log of at least {next.Checkpoint.Size} leaves",
                $"{tree.Size} leaves: {next.Checkpoint.Size - tree.Size} are missing",
                "The log is shorter than it was when this was signed: the database was rolled back to an older backup, or its end was "
                + "cut off. What is missing is in mirrors of the log: "
                + "`ledger audit --mirror DIR` with this database names the jobs that are lost and what must be erased again.");
        }
    }

    private async Task CompareAsync(MerkleRoot tree)
    {
        var root = tree.Root();
        for (; _next is { } next && next.Checkpoint.Size == tree.Size; await MoveNextAsync())
        {
            Checked++;
            if (root.AsSpan().SequenceEqual(next.Checkpoint.Root))
                Agree(next);
            else if (next.IsOfEarlierName)
                NoteLost(next);
            else if (origin is not null && next.Checkpoint.Origin != origin)
                AddLost(next, root);
            else
                AddFork(next, root);
        }
    }

    private void Agree(KeptCheckpoint kept)
    {
        _lastAgreed = kept.Checkpoint.Size;
        if (kept.IsCounted)
            Agreed = kept;
    }

    /// <summary>
    /// Notes leaves that were lost before the log got another name. The event of that renaming records the loss: no difference.
    /// </summary>
    private void NoteLost(KeptCheckpoint kept) =>
        findings.Note(
            $"Leaves of the log under its earlier name {kept.Checkpoint.Origin} were lost before it was renamed: "
                + $"the log does not have those of {kept.Name}."
        );

    private void AddFork(KeptCheckpoint kept, byte[] root) =>
        findings.Add(
            FindingKind.Forked,
            kept.Name,
            $"the root {Convert.ToBase64String(kept.Checkpoint.Root)} over the first {kept.Checkpoint.Size} leaves",
            Convert.ToBase64String(root),
            "A fork: this log and the one that was signed have as many leaves, but not the same. "
                + (
                    _lastAgreed < 0
                        ? "No smaller checkpoint agrees either."
                        : $"They agree up to leaf {_lastAgreed}, and part before leaf {kept.Checkpoint.Size}."
                )
                + " Events were rewritten and logged anew, or a restored database went on under the same name. Keep the checkpoint: it "
                + "is the evidence."
        );

    private void AddLost(KeptCheckpoint kept, byte[] root) =>
        findings.Add(
            FindingKind.RolledBack,
            kept.Name,
            $"the root {Convert.ToBase64String(kept.Checkpoint.Root)} over the first {kept.Checkpoint.Size} leaves",
            Convert.ToBase64String(root),
            $"This was signed under an earlier name of the log, {kept.Checkpoint.Origin}. After leaf {Math.Max(_lastAgreed, 0)} at the "
            + $"earliest, leaves were lost in a restore, and the log goes on as {origin}. "
                + "What was lost is in mirrors made before: `ledger audit --mirror DIR` with this database names it."
        );

    private async Task MoveNextAsync() => _next = await _checkpoints.MoveNextAsync() ? _checkpoints.Current : null;

    public ValueTask DisposeAsync() => _checkpoints.DisposeAsync();
}
