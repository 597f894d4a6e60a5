using System.Buffers.Binary;
using System.Text;

namespace Ledger.Api;

/// <summary>
/// A request's members in one form, whatever their order, spacing and escapes were. It decides if two requests under one idempotency key
/// are the same. Every part is preceded by its length in bytes, so two different requests never give the same bytes. Dates count as they
/// were sent, so a request without <c>endDate</c> is still the same one tomorrow.
/// </summary>
internal static class CanonicalRequest
{
    private const int CaseMark = -2;

    /// <summary>Distinct ids in ascending order of their UTF-8 bytes (which is not the order of UTF-16 code units).</summary>
    public static IReadOnlyList<string> AsSet(IEnumerable<string> ids) =>
        [
            .. ids.Distinct(StringComparer.Ordinal)
                .Select(id => (Id: id, Bytes: Encoding.UTF8.GetBytes(id)))
                .Order(ByBytes)
                .Select(id => id.Id),
        ];

    /// <param name="ids">The result of <see cref="AsSet"/>.</param>
    /// <param name="startDate">
    /// The date as sent; null if it was not sent. It is not checked beside ids, but it is part of the request.
    /// </param>
    /// <param name="endDate">As <paramref name="startDate"/>.</param>
    public static byte[] ByConversationIds(IReadOnlyList<string> ids, string? startDate, string? endDate) =>
        Write("conversationIds", [startDate, endDate, .. ids]);

    /// <param name="cId">The channel user.</param>
    /// <param name="startDate">The date as sent; null if it was not sent.</param>
    /// <param name="endDate">The date as sent; null if it was not sent.</param>
    public static byte[] ByChannelUser(string cId, string? startDate, string? endDate) => Write("cId", [cId, startDate, endDate]);

    /// <summary>
    /// A request with the case behind it. Behind the request stands a length that no part has. So no request without a case is the same.
    /// </summary>
    /// <param name="request">The canonical form of the request without it.</param>
    /// <param name="members">The case's members as sent, in a fixed order; null where it was not sent.</param>
    public static byte[] WithCase(byte[] request, IReadOnlyList<string?> members)
    {
        using var bytes = new MemoryStream();
        bytes.Write(request);
        Span<byte> mark = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(mark, CaseMark);
        bytes.Write(mark);
        foreach (var member in members)
            Write(bytes, member);
        return bytes.ToArray();
    }

    private static byte[] Write(string requestType, IReadOnlyList<string?> parts)
    {
        using var bytes = new MemoryStream();
        Write(bytes, requestType);
        foreach (var part in parts)
            Write(bytes, part);
        return bytes.ToArray();
    }

    private static void Write(MemoryStream bytes, string? part)
    {
        var text = part is null ? [] : Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, part is null ? -1 : text.Length); // absent is not ""
        bytes.Write(length);
        bytes.Write(text);
    }

    private static readonly Comparer<(string Id, byte[] Bytes)> ByBytes =
        Comparer<(string Id, byte[] Bytes)>.Create((a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));
}
