using System.Net;
using System.Net.Sockets;

namespace Ledger.Cli.Run;

/// <summary>Checks the addresses that a server is told to listen on, before anything else of it starts.</summary>
internal static class ListenAddresses
{
    /// <param name="urls">The value of <c>--urls</c>.</param>
    /// <exception cref="CommandException">It is no list of HTTP addresses, or one of them cannot be listened on.</exception>
    public static void Check(string urls)
    {
        foreach (var url in urls.Split(';'))
            RefuseMalformed(url);
        foreach (var url in urls.Split(';'))
        {
            var address = BindingAddress.Parse(url);
            var isLocalhost = address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
            foreach (var endpoint in Endpoints(address, isLocalhost))
            {
                if (Problem(endpoint, isLocalhost) is { } problem)
                    throw new CommandException($"cannot listen on {url}: {problem}");
            }
        }
    }

    private static void RefuseMalformed(string url)
    {
        // http://*:80 and http://+:80 are Kestrel's, and no URI.
        if (!Uri.TryCreate(url.Replace("//*", "//localhost").Replace("//+", "//localhost"), UriKind.Absolute, out var uri)
            || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0)
        {
            throw CommandException.Usage("--urls must be like http://127.0.0.1:8080, several separated by semicolons");
        }
        if (uri.Scheme == Uri.UriSchemeHttps)
            throw CommandException.Usage("--urls takes http alone: TLS is the work of a proxy in front of the service");
    }

    /// <summary>The places that Kestrel listens on for an address. A name that is not localhost stands for all of them.</summary>
    private static IEnumerable<IPEndPoint> Endpoints(BindingAddress address, bool isLocalhost)
    {
        if (isLocalhost)
            return [new IPEndPoint(IPAddress.Loopback, address.Port), new IPEndPoint(IPAddress.IPv6Loopback, address.Port)];
        var any = Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        return [new IPEndPoint(IPAddress.TryParse(address.Host, out var ip) ? ip : any, address.Port)];
    }

    /// <summary>The reason that nobody can listen there. It listens for a moment.</summary>
    /// <param name="endpoint">The place.</param>
    /// <param name="isLocalhost">True if the place may be missing, as on a machine without IPv6.</param>
    private static string? Problem(IPEndPoint endpoint, bool isLocalhost)
    {
        try
        {
            using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (endpoint.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(endpoint);
            socket.Listen();
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "the address is already in use. Stop the program that has it, or take another port",
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported when isLocalhost => null,
                SocketError.AddressNotAvailable => "this machine has no such address",
                SocketError.AccessDenied => "this account may not listen on that port. Take one from 1024 on",
                _ => e.Message,
            };
        }
    }
}
