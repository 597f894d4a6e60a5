using System.Net;
using Ledger.Machine;

namespace Ledger.Tests.Http;

/// <summary>What is addressed to this machine never goes through a proxy.</summary>
public sealed class OutgoingHttpTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080/")]
    [InlineData("http://127.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://[::1]:8080/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://[::]/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LOCALHOST./")]
    [InlineData("http://ledger.localhost/")]
    public void This_machine_is_called_without_a_proxy(string url)
    {
        using var handler = OutgoingHttp.Handler();
        Assert.True(OutgoingHttp.IsThisMachine(new Uri(url).DnsSafeHost));
        Assert.True(handler.Proxy!.IsBypassed(new Uri(url)));
        Assert.Null(handler.Proxy.GetProxy(new Uri(url)));
    }

    [Theory]
    [InlineData("https://ledger.example.com/")]
    [InlineData("http://localhost.example.com/")]
    [InlineData("http://192.0.2.7/")]
    [InlineData("http://[2001:db8::1]/")]
    public void Another_machine_is_not_taken_for_this_one(string url) => Assert.False(OutgoingHttp.IsThisMachine(new Uri(url).DnsSafeHost));

    [Fact]
    public void This_machine_s_own_name_is_this_machine() => Assert.True(OutgoingHttp.IsThisMachine(Dns.GetHostName()));
}
