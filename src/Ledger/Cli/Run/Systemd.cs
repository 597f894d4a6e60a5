using System.Net.Sockets;

namespace Ledger.Cli.Run;

/// <summary>Notifies systemd about a service of <c>Type=notify</c> (sd_notify(3)).</summary>
internal static class Systemd
{
    private const string SocketVariable = "NOTIFY_SOCKET";

    /// <summary>Says that the service answers from now on. Does nothing if nobody asked for it.</summary>
    /// <param name="terminal">Gets a warning if systemd could not be told. The service answers all the same.</param>
    public static void TellReady(Terminal terminal)
    {
        if (Environment.GetEnvironmentVariable(SocketVariable) is not { Length: > 1 } name)
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // The variable writes an abstract name, which begins with a NUL, with an @.
            socket.SendTo("READY=1"u8.ToArray(), new UnixDomainSocketEndPoint(name[0] == '@' ? $"\0{name[1..]}" : name));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            terminal.Warn(
                $"{SocketVariable} names a socket that takes no message ({e.Message}): systemd does not learn that this is ready");
        }
    }
}
