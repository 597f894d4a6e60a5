using Ledger.Contracts.Transparency;

namespace Ledger.Audit;

/// <summary>Finds out what happened to leaves whose events are not the logged ones: removed, exchanged with another, or changed.</summary>
internal static class LeafDifferences
{
    /// <summary>Pairs that are tried, at most, to tell an exchange from a change.</summary>
    private const int MaxCompared = 64;

    /// <param name="leaves">Leaves of one tile.</param>
    /// <param name="logged">Their hashes as logged.</param>
    public static void Name(IReadOnlyList<AuditedLeaf> leaves, IReadOnlyList<byte[]?> logged, Findings findings)
    {
        int[] differing = [.. Enumerable.Range(0, leaves.Count).Where(i => !Equal(leaves[i].Hash, logged[i]))];
        foreach (var i in differing)
        {
            var expected = logged[i] is { } hash ? $"the event with the leaf hash {Convert.ToBase64String(hash)}" : "a logged event";
            if (leaves[i].Data.IsEmpty)
                AddRemoved(leaves[i], expected, findings);
            else if (logged[i] is not null && Elsewhere(leaves, logged, i, differing) is { } place)
                AddMoved(leaves[i], expected, place, findings);
            else if (leaves[i].Hash is { } found)
                AddChanged(leaves[i], expected, found, findings);
        }
    }

    /// <summary>
    /// Tells, within the tile, which leaf's event stands here, or where this leaf's own event now stands. Null if neither is found.
    /// </summary>
    private static string? Elsewhere(IReadOnlyList<AuditedLeaf> leaves, IReadOnlyList<byte[]?> logged, int here, int[] differing)
    {
        foreach (var there in differing.Where(i => i != here && !leaves[i].Data.IsEmpty).Take(MaxCompared))
        {
            if (Equal(leaves[here].Hash, logged[there]))
                return $"the event that was logged as leaf {leaves[there].Index}";
            var (place, other) = (leaves[here], leaves[there]);
            if (Equal(HashOf(place, other.Type, other.At, other), logged[here])
                || Equal(HashOf(place, place.Type, place.At, other), logged[here]))
                return $"another event; the one that was logged here stands at {other}";
        }
        return null;
    }

    private static byte[]? HashOf(AuditedLeaf place, string type, DateTimeOffset at, AuditedLeaf data)
    {
        try
        {
            return MerkleTree.LeafHash(LeafEntry.Encode(place.Stream, place.Version, type, at, data.Data.Span));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static void AddRemoved(AuditedLeaf leaf, string expected, Findings findings) =>
        findings.Add(
            FindingKind.EventRemoved, leaf.ToString(), expected, "no such row in ledger.mt_events",
            "The event was removed past the ledger, after it had been logged. Its entry is in every mirror and backup made since: "
            + "restore the row from there."
        );

    private static void AddMoved(AuditedLeaf leaf, string expected, string found, Findings findings) =>
        findings.Add(
            FindingKind.EventMoved, leaf.ToString(), expected, found,
            "Events were reordered past the ledger, in ledger.mt_events or in the map from leaf to event (ledger.log_runs). Restore both "
            + "from a backup."
        );

    private static void AddChanged(AuditedLeaf leaf, string expected, byte[] found, Findings findings) =>
        findings.Add(
            FindingKind.EventChanged, $"{leaf} ({leaf.Type})", expected, $"an event with the leaf hash {Convert.ToBase64String(found)}",
            "The event's row was changed past the ledger, after it had been logged. Its entry is in every mirror and backup made since: "
            + "restore the row from there."
        );

    private static bool Equal(byte[]? one, byte[]? other) => one is not null && other is not null && one.AsSpan().SequenceEqual(other);
}
