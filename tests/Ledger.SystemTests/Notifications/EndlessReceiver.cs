using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ledger.SystemTests.Notifications;

/// <summary>
/// A receiver that takes one message and then answers without end. It counts what the network took. A web server's own writes would not
/// tell: they succeed, and go nowhere, for a while after the connection is gone.
/// </summary>
internal sealed class EndlessReceiver : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly long _most;

    /// <param name="most">It gives up once it has sent more bytes than this.</param>
    public EndlessReceiver(long most)
    {
        _most = most;
        _listener.Start();
        Sent = AnswerAsync();
    }

    public string Url => $"http://{_listener.LocalEndpoint}/hook";

    /// <summary>The bytes of the answer's body that were sent before the other side closed the connection.</summary>
    public Task<long> Sent { get; }

    public void Dispose() => _listener.Dispose();

    private async Task<long> AnswerAsync()
    {
        using var connection = await _listener.AcceptSocketAsync();
        await TakeAsync(connection);
        var sent = 0L;
        try
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000\r\n\r\n"));
            var chunk = new byte[64 * 1024];
            while (sent <= _most)
                sent += await connection.SendAsync(chunk);
        }
        catch (SocketException)
        {
            // The other side has closed it.
        }
        return sent;
    }

    /// <summary>Reads the request to its end.</summary>
    private static async Task TakeAsync(Socket connection)
    {
        using var stream = new NetworkStream(connection, ownsSocket: false);
        using var request = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        var length = 0;
        while (await request.ReadLineAsync() is { Length: > 0 } header)
        {
            if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                length = int.Parse(header.AsSpan("Content-Length:".Length));
        }
        await request.ReadBlockAsync(new char[length]);
    }
}
