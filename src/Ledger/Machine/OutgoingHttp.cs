using System.Net;
using System.Net.NetworkInformation;

namespace Ledger.Machine;

/// <summary>
/// Settings for this program's HTTP calls to others. No redirect is followed, because it could lead a token to another host. No cookies are
/// kept. A proxy named in the environment (HTTPS_PROXY and similar) is used for other machines only.
/// </summary>
internal static class OutgoingHttp
{
    /// <summary>Makes a handler. Every call must use it: another handler would send to a proxy what is meant for this machine.</summary>
#pragma warning disable RS0030 // here it is made
    public static SocketsHttpHandler Handler() =>
        new() { AllowAutoRedirect = false, UseCookies = false, Proxy = new ProxyBeyondThisMachine(HttpClient.DefaultProxy) };
#pragma warning restore RS0030

    /// <summary>True if data sent to this host stays on this machine.</summary>
    /// <param name="host">A name, or an address without brackets.</param>
    public static bool IsThisMachine(string host)
    {
        if (!IPAddress.TryParse(host, out var address))
        {
            var name = host.TrimEnd('.');
            // RFC 6761, section 6.3: localhost, and every name below it.
            return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
                || name.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase);
        }
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || IsOurs(address);
    }

    private static bool IsOurs(IPAddress address)
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces().SelectMany(device => device.GetIPProperties().UnicastAddresses)
                .Any(ours => ours.Address.Equals(address));
        }
        catch (NetworkInformationException)
        {
            return false; // the system does not tell: it is treated as another machine's
        }
    }

    private sealed class ProxyBeyondThisMachine(IWebProxy proxy) : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => proxy.Credentials;
            set => proxy.Credentials = value;
        }

        public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : proxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => IsThisMachine(host.DnsSafeHost) || proxy.IsBypassed(host);
    }
}
