using Ledger.Contracts.Transparency;

namespace Ledger.Log;

/// <summary>How a node writes the log.</summary>
public sealed record LogOptions
{
    /// <summary>Off: passes are made by <see cref="LogWriter.RunOnceAsync"/> alone, as tests do.</summary>
    public bool Loop { get; init; } = true;

    /// <summary>Asks witnesses for their cosignatures; null: what is signed is published at once.</summary>
    public CosignAsync? Cosign { get; init; }
}

/// <summary>Asks witnesses to cosign a stored checkpoint. May be asked for the same one again, by this or another node.</summary>
/// <param name="checkpoint">What was signed last.</param>
/// <param name="note">Its signed note, with the cosignatures that are known.</param>
public delegate Task<CosignedNote> CosignAsync(Checkpoint checkpoint, string note, CancellationToken cancel);

/// <param name="Note">The note that was given, with further signature lines behind it.</param>
/// <param name="QuorumMet">Whether it may be published.</param>
/// <param name="Problem">What keeps witnesses from cosigning, in plain words; null if nothing does.</param>
public sealed record CosignedNote(string Note, bool QuorumMet, string? Problem);
