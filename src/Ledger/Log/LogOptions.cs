using Ledger.Contracts.Transparency;

namespace Ledger.Log;

/// <summary>Settings for writing the log.</summary>
public sealed record LogOptions
{
    /// <summary>True to make passes in a loop. If false, only <see cref="LogWriter.RunOnceAsync"/> makes passes, as in tests.</summary>
    public bool Loop { get; init; } = true;

    /// <summary>Asks witnesses for their cosignatures. Null to publish every signed checkpoint at once.</summary>
    public CosignAsync? Cosign { get; init; }
}

/// <summary>Asks witnesses to cosign a stored checkpoint. This or another node may ask for the same one again.</summary>
/// <param name="checkpoint">The checkpoint that was signed last.</param>
/// <param name="note">Its signed note, with the cosignatures that are known.</param>
public delegate Task<CosignedNote> CosignAsync(Checkpoint checkpoint, string note, CancellationToken cancel);

/// <param name="Note">The given note, with further signature lines behind it.</param>
/// <param name="QuorumMet">True if it may be published.</param>
/// <param name="Problem">The reason that witnesses do not cosign, in plain words. Null if there is none.</param>
public sealed record CosignedNote(string Note, bool QuorumMet, string? Problem);
