using Ledger.Contracts.Transparency;

namespace Ledger.Audit.Tree;

/// <summary>
/// Builds the tree anew from leaves that go by in log order and compares each hash with the stored tiles. It holds one tile a level and
/// the leaves of one tile. Where an event and the stored hash of its leaf differ, the tree above says which of the two was changed, and
/// the audit goes on with the other.
/// </summary>
/// <param name="read">The stored tiles.</param>
/// <param name="size">Leaves of the log.</param>
/// <param name="root">The root that the log says it has.</param>
/// <param name="findings">Receives the differences.</param>
internal sealed class TreeCheck(TileReader read, long size, byte[] root, Findings findings)
{
    private readonly List<Level> _levels = [];
    private readonly List<AuditedLeaf> _block = [];

    /// <summary>The rightmost tile of a level, as far as it has been built.</summary>
    private sealed class Level(int height)
    {
        public readonly int Height = height;
        public readonly List<byte[]> Hashes = [];
        public long Number;
    }

    /// <summary>The tree so far.</summary>
    public MerkleRoot Tree { get; } = new();

    /// <summary>
    /// Begins behind a checkpoint instead of at leaf 0: the stored hashes left of it are taken over. Whether they are the checkpoint's is
    /// for the caller to compare: <see cref="Tree"/> is that of its size.
    /// </summary>
    /// <returns>False: hashes that a log of this size has are missing.</returns>
    public async Task<bool> TryBeginAtAsync(long start, CancellationToken cancel)
    {
        for (var height = 0; start >> (8 * height) > 0; height++)
        {
            var hashes = start >> (8 * height);
            var level = LevelAt(height);
            level.Number = hashes / TileId.FullWidth;
            var width = (int)(hashes % TileId.FullWidth);
            var stored = width == 0 ? [] : Split(await read(height, level.Number, cancel), 0, width);
            if (stored.Any(hash => hash is null))
                return false;
            level.Hashes.AddRange(stored!);
        }
        foreach (var level in Enumerable.Reverse(_levels))
            level.Hashes.ForEach(hash => Tree.AddSubtree(hash, 1L << (8 * level.Height)));
        return true;
    }

    /// <summary>Takes the next leaf.</summary>
    /// <param name="reached">Called with the tree after each leaf that is settled.</param>
    public async ValueTask AddAsync(AuditedLeaf leaf, Func<MerkleRoot, ValueTask> reached, CancellationToken cancel)
    {
        _block.Add(leaf);
        if ((leaf.Index + 1) % TileId.FullWidth == 0 || leaf.Index + 1 == size)
            await SettleAsync(reached, cancel);
    }

    /// <summary>After the last leaf: the sizes of the tiles at the right edge, and the root.</summary>
    public async Task FinishAsync(CancellationToken cancel)
    {
        foreach (var level in _levels)
            await CheckWidthAsync(level, cancel);
        if (Tree.Size != size || !Tree.Root().AsSpan().SequenceEqual(root))
        {
            findings.Add(
                FindingKind.LogState, $"the log's root at size {size}", Convert.ToBase64String(Tree.Root()), Convert.ToBase64String(root),
                "What the log says of itself is not what its events give: its state was changed past the ledger, or the events were.");
        }
    }

    /// <summary>The leaves of a tile have gone by: events against stored hashes, then upwards.</summary>
    private async ValueTask SettleAsync(Func<MerkleRoot, ValueTask> reached, CancellationToken cancel)
    {
        var level = LevelAt(0);
        level.Number = _block[0].Index / TileId.FullWidth;
        var events = _block.ConvertAll(leaf => leaf.Hash);
        var stored = Split(await read(0, level.Number, cancel), level.Hashes.Count, _block.Count);
        var hashes = Same(events, stored) ? events : await ArbitrateAsync(level, events, stored, cancel);
        _block.Clear();
        foreach (var hash in hashes)
        {
            level.Hashes.Add(hash!);
            Tree.AddLeaf(hash!);
            await reached(Tree);
        }
        await CloseFullAsync(level, cancel);
    }

    /// <summary>Events and stored hashes differ: whichever gives the hash above is what was logged.</summary>
    private async Task<List<byte[]?>> ArbitrateAsync(Level level, List<byte[]?> events, List<byte[]?> stored, CancellationToken cancel)
    {
        var isFull = level.Hashes.Count + _block.Count == TileId.FullWidth;
        var above = isFull
            ? Split(await read(1, level.Number / TileId.FullWidth, cancel), (int)(level.Number % TileId.FullWidth), 1)[0]
            : root;
        bool IsLogged(List<byte[]?> hashes) =>
            above is not null
            && hashes.All(hash => hash is not null)
            && above.AsSpan().SequenceEqual(isFull ? RootOver([.. level.Hashes, .. hashes!]) : TreeRootWith([.. level.Hashes, .. hashes!]));
        var areStoredLogged = IsLogged(stored);
        var areEventsLogged = !areStoredLogged && IsLogged(events);
        if (!areEventsLogged)
            LeafDifferences.Name(_block, stored, findings);
        if (!areStoredLogged)
            NameHash(level, events, stored);
        // What is missing everywhere is zero: nothing above it can then be right, and is reported so.
        var (first, second) = areStoredLogged ? (stored, events) : (events, stored);
        return [.. first.Zip(second, (one, other) => one ?? other ?? new byte[MerkleTree.HashSize])];
    }

    private void NameHash(Level level, List<byte[]?> events, List<byte[]?> stored)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is { } computed && (stored[i] is null || !computed.AsSpan().SequenceEqual(stored[i])))
                AddTile(level, level.Hashes.Count + i, computed, stored[i]);
        }
    }

    private async ValueTask CloseFullAsync(Level level, CancellationToken cancel)
    {
        if (level.Hashes.Count < TileId.FullWidth)
            return;
        await CheckWidthAsync(level, cancel);
        var hash = RootOver(level.Hashes);
        level.Hashes.Clear();
        var above = LevelAt(level.Height + 1);
        above.Number = level.Number / TileId.FullWidth;
        level.Number++;
        var stored = Split(await read(above.Height, above.Number, cancel), above.Hashes.Count, 1)[0];
        if (stored is null || !hash.AsSpan().SequenceEqual(stored))
            AddTile(above, above.Hashes.Count, hash, stored);
        above.Hashes.Add(hash);
        await CloseFullAsync(above, cancel);
    }

    /// <summary>A tile has exactly the hashes that a log of this size has in it.</summary>
    private async ValueTask CheckWidthAsync(Level level, CancellationToken cancel)
    {
        var expected = level.Hashes.Count * MerkleTree.HashSize;
        var found = (await read(level.Height, level.Number, cancel))?.Length ?? 0;
        if (found > expected)
        {
            findings.Add(
                FindingKind.Tile, $"tile {level.Height}/{level.Number}", $"{expected / MerkleTree.HashSize} hashes", $"{found} bytes",
                "The tile goes on beyond the log: it was changed past the ledger, or leaves were taken away.");
        }
    }

    private void AddTile(Level level, int place, byte[] computed, byte[]? stored) =>
        findings.Add(
            FindingKind.Tile, $"tile {level.Height}/{level.Number}, hash {place}", Convert.ToBase64String(computed),
            stored is null ? "no hash" : Convert.ToBase64String(stored),
            "A stored hash of the tree was changed or lost: proofs made from it would fail. Restore the tile from a backup or a mirror; "
            + "the events are not affected."
        );

    private byte[] TreeRootWith(IReadOnlyList<byte[]> leaves)
    {
        var tree = new MerkleRoot();
        foreach (var level in Enumerable.Reverse(_levels))
        {
            foreach (var hash in level.Height == 0 ? leaves : level.Hashes)
                tree.AddSubtree(hash, 1L << (8 * level.Height));
        }
        return tree.Root();
    }

    private Level LevelAt(int height)
    {
        if (height == _levels.Count)
            _levels.Add(new Level(height));
        return _levels[height];
    }

    private static byte[] RootOver(IReadOnlyList<byte[]> hashes)
    {
        var subtree = new MerkleRoot();
        foreach (var hash in hashes)
            subtree.AddLeaf(hash);
        return subtree.Root();
    }

    private static bool Same(List<byte[]?> events, List<byte[]?> stored)
    {
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i] is not { } one || stored[i] is not { } other || !one.AsSpan().SequenceEqual(other))
                return false;
        }
        return true;
    }

    /// <summary>Hashes of a tile; null where it has none.</summary>
    private static List<byte[]?> Split(byte[]? tile, int first, int count) =>
        [
            .. Enumerable
                .Range(first, count)
                .Select(i =>
                    tile is not null && tile.Length >= (i + 1) * MerkleTree.HashSize
                        ? tile[(i * MerkleTree.HashSize)..((i + 1) * MerkleTree.HashSize)]
                        : null
                ),
        ];
}
