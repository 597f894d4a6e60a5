using System.Net.Sockets;

namespace Ledger.Notifications.Webhooks;

/// <summary>A connection that ends once the other side has sent more than it may, because its replies are held in memory.</summary>
/// <param name="socket">The connected socket. It is closed with this stream.</param>
/// <param name="most">Maximum number of bytes to read.</param>
internal sealed class BoundedReplies(Socket socket, int most) : NetworkStream(socket, ownsSocket: true)
{
    private int _left = most;

    /// <exception cref="IOException">The other side sent too much, or the connection broke.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await base.ReadAsync(buffer, cancellationToken);
        _left -= read;
        return _left >= 0 ? read : throw new IOException("the other side says more than it may");
    }

    /// <inheritdoc cref="ReadAsync(Memory{byte}, CancellationToken)"/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}
