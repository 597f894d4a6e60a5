using System.Net;
using System.Net.Sockets;

namespace Ledger.SystemTests.Cli;

/// <summary>
/// A network that breaks at the worst moment: the first request reaches the service, and its answer does not come back. Later ones go
/// through.
/// </summary>
internal sealed class BreakingRelay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private readonly Task _accepting;
    private int _broken;

    public BreakingRelay(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public int Broken => _broken;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
            _ = RelayAsync(await _listener.AcceptTcpClientAsync());
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        await far.ConnectAsync(IPAddress.Loopback, _port);
        var up = near.GetStream().CopyToAsync(far.GetStream());
        var answer = new byte[1 << 16];
        while (await far.GetStream().ReadAsync(answer) is > 0 and var length)
        {
            if (Interlocked.Increment(ref _broken) == 1)
                return; // answered, and lost
            await near.GetStream().WriteAsync(answer.AsMemory(0, length));
        }
        await up;
    }
}
