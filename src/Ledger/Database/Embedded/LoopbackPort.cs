using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Ledger.Database.Embedded;

/// <summary>TCP ports of 127.0.0.1.</summary>
internal static class LoopbackPort
{
    // Below the ports that Linux (32768), macOS and Windows (49152) give to outgoing connections: one of those would take a stopped
    // server's port away.
    private const int Lowest = 20_000;
    private const int Highest = 32_000;
    private const int Attempts = 200;

    public static int Free()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, Highest);
            if (IsFree(port)) return port;
        }
        throw new EmbeddedPostgresException($"No free TCP port between {Lowest} and {Highest} on 127.0.0.1 in {Attempts} attempts.");
    }

    public static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
