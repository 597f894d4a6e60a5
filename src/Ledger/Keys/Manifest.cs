using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency;

namespace Ledger.Keys;

/// <summary>One identified conversation: to delete, or to skip for a reason.</summary>
/// <param name="Skip">The reason to skip it, decided when the list was resolved. Null to delete it.</param>
/// <param name="Key">
/// Its row in the store, or 0 if there was none. A conversation that is stored later under the same id has another key, and is not on the
/// list.
/// </param>
public sealed record ManifestEntry(string ConversationId, SkipReason? Skip, long Key)
{
    public override string ToString() => nameof(ManifestEntry);
}

/// <summary>
/// The list of what to delete, in rows of <see cref="RowSize"/> ordinals. The size is a power of two, so that a full row is a node of the
/// tree whose root <see cref="Started"/> commits to. The root then needs only one hash a row.
/// </summary>
public static class Manifest
{
    /// <summary>Ordinals of a full row; only the last row may have fewer.</summary>
    public const int RowSize = 1024;

    private const int HeaderSize = 1 + 8 + 2;

    /// <summary>
    /// Seals one row. Each ordinal has a byte (0, or the number of the skip reason), the store's key in eight bytes, the length of the id's
    /// UTF-8 in two bytes, and the id. Both numbers are big-endian.
    /// </summary>
    public static byte[] Seal(JobKey key, int row, IReadOnlyList<ManifestEntry> entries)
    {
        using var plain = new MemoryStream(entries.Count * 40);
        Span<byte> header = stackalloc byte[HeaderSize];
        foreach (var entry in entries)
        {
            var id = Encoding.UTF8.GetBytes(entry.ConversationId);
            header[0] = entry.Skip is { } skip ? (byte)skip : (byte)0;
            BinaryPrimitives.WriteInt64BigEndian(header[1..], entry.Key);
            BinaryPrimitives.WriteUInt16BigEndian(header[9..], (ushort)id.Length);
            plain.Write(header);
            plain.Write(id);
        }
        return key.Seal(SealedKind.Manifest, row, plain.GetBuffer().AsSpan(0, (int)plain.Length));
    }

    public static IReadOnlyList<ManifestEntry> Unseal(JobKey key, int row, byte[] sealedRow)
    {
        var plain = key.Unseal(SealedKind.Manifest, row, sealedRow);
        var entries = new List<ManifestEntry>(RowSize);
        for (var at = 0; at < plain.Length;)
        {
            var header = plain.AsSpan(at, HeaderSize);
            var length = BinaryPrimitives.ReadUInt16BigEndian(header[9..]);
            SkipReason? skip = header[0] == 0 ? null : (SkipReason)header[0];
            entries.Add(
                new ManifestEntry(
                    Encoding.UTF8.GetString(plain, at + HeaderSize, length), skip, BinaryPrimitives.ReadInt64BigEndian(header[1..]))
            );
            at += HeaderSize + length;
        }
        return entries;
    }

    /// <summary>The RFC 6962 root over the commitments of one row.</summary>
    public static byte[] SubtreeRoot(JobKey key, IReadOnlyList<ManifestEntry> entries)
    {
        var root = new MerkleRoot();
        foreach (var entry in entries)
            root.AddLeaf(MerkleTree.LeafHash(key.Commit(IdentifierKind.Conversation, entry.ConversationId)));
        return root.Root();
    }
}

/// <summary>The outcome of an ordinal, in one byte of its manifest row.</summary>
public static class OutcomeCode
{
    public const byte Pending = 0;
    public const byte Deleted = 1;
    private const byte SkippedBase = 0x10;
    private const byte FailedBase = 0x20;

    public static byte Skipped(SkipReason reason) => (byte)(SkippedBase + (int)reason);

    public static byte Failed(FailureReason reason) => (byte)(FailedBase + (int)reason);

    public static bool IsFailed(byte code) => code >= FailedBase;

    /// <summary>True if it is pending or failed, so that a retry may still change it.</summary>
    public static bool IsOpen(byte code) => code == Pending || IsFailed(code);

    /// <summary>True if the conversation was erased, by this job or by an earlier one.</summary>
    public static bool IsErased(byte code) => code == Deleted || SkipReasonOf(code) == SkipReason.AlreadyErased;

    public static SkipReason? SkipReasonOf(byte code) => code is >= SkippedBase and < FailedBase ? (SkipReason)(code - SkippedBase) : null;

    public static FailureReason? FailureReasonOf(byte code) => IsFailed(code) ? (FailureReason)(code - FailedBase) : null;

    /// <summary><c>pending</c>, <c>deleted</c>, <c>failed</c> or <c>skipped</c></summary>
    public static string Name(byte code) => code switch
    {
        Pending => "pending",
        Deleted => "deleted",
        _ => IsFailed(code) ? "failed" : "skipped",
    };

    /// <summary>The reason that it was skipped or failed, such as <c>not_found</c>. Null otherwise.</summary>
    public static string? Reason(byte code) =>
        SkipReasonOf(code) is { } skipped ? JsonNamingPolicy.SnakeCaseLower.ConvertName(skipped.ToString())
        : FailureReasonOf(code) is { } failed ? JsonNamingPolicy.SnakeCaseLower.ConvertName(failed.ToString())
        : null;
}
