namespace Ledger.Audit.Mirror;

/// <summary>A source from which an export reads the log.</summary>
public interface ILogSource
{
    /// <summary>The latest published checkpoint, a signed note; null: none is published yet.</summary>
    Task<string?> CheckpointAsync(CancellationToken cancel);

    /// <summary>The entries <c>[from, to)</c> in order; <paramref name="from"/> begins a bundle.</summary>
    /// <exception cref="MirrorException">One is not to be had.</exception>
    IAsyncEnumerable<ReadOnlyMemory<byte>> EntriesAsync(long from, long to, CancellationToken cancel);
}

/// <summary>The log cannot be read, or must not be mirrored; the message says why and what to do.</summary>
public sealed class MirrorException(string message, Exception? inner = null) : Exception(message, inner);
