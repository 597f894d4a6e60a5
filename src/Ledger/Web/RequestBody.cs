using System.Buffers;
using Ledger.Contracts;

namespace Ledger.Web;

/// <summary>Reads request bodies, but never much more than the contract allows.</summary>
internal static class RequestBody
{
    /// <summary>
    /// The whole body. Null if it is over <see cref="Limits.BodyBytes"/>, by its announced length or, without one, by the bytes that
    /// arrive.
    /// </summary>
    public static async ValueTask<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        if (request.ContentLength > Limits.BodyBytes)
            return null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancel);
            if (read.Buffer.Length > Limits.BodyBytes)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return null;
            }
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }
            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>True if there is no body, whatever length is announced.</summary>
    public static async ValueTask<bool> IsEmptyAsync(HttpRequest request, CancellationToken cancel)
    {
        if (request.ContentLength is { } length)
            return length == 0;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancel);
            var isEmpty = read.Buffer.IsEmpty;
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (!isEmpty || read.IsCompleted)
                return isEmpty;
        }
    }
}
