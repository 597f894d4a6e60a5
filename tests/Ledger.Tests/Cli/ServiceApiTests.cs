using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ledger.Cli;

namespace Ledger.Tests.Cli;

public sealed class ServiceApiTests
{
    /// <summary>The service reads the request and is gone. That nobody listens afterwards says nothing of what became of it.</summary>
    [Fact]
    public async Task A_service_that_ends_after_it_was_asked_may_have_carried_it_out()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://{listener.LocalEndpoint}";
        var ending = Task.Run(async () =>
        {
            using var asked = await listener.AcceptSocketAsync();
            await asked.ReceiveAsync(new byte[1024]);
            listener.Stop();
        });
        using var api = new ServiceApi(address, () => "token", new WaitsForNothing());
        var submit = () => api.SubmitAsync("st-1", new JsonObject(), "a-key", CancellationToken.None);
        var broken = await Assert.ThrowsAsync<HttpRequestException>(submit);
        await ending;
        Assert.False(ServiceApi.WasNotSent(broken));
        // Nobody was there from the first.
        broken = await Assert.ThrowsAsync<HttpRequestException>(submit);
        Assert.True(ServiceApi.WasNotSent(broken));
    }

    /// <summary>It comes back, and is asked again under the same key.</summary>
    [Fact]
    public async Task A_service_that_comes_back_is_asked_again()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var keys = new List<bool>();
        var serving = Task.Run(async () =>
        {
            for (var answered = false; !answered; answered = keys.Count == 2)
            {
                using var asked = await listener.AcceptSocketAsync();
                var request = new byte[4096];
                var length = await asked.ReceiveAsync(request);
                keys.Add(Encoding.ASCII.GetString(request, 0, length).Contains("Idempotency-Key: a-key", StringComparison.Ordinal));
                if (keys.Count == 2)
                {
                    const string body = """{"jobId":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c"}""";
                    await asked.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 202 Accepted\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
                }
            }
        });
        using var api = new ServiceApi($"http://{listener.LocalEndpoint}", () => "token", new WaitsForNothing());
        var job = await api.SubmitAsync("st-1", new JsonObject(), "a-key", CancellationToken.None);
        await serving;
        Assert.Equal("cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c", job.ToString());
        Assert.Equal([true, true], keys);
    }

    /// <summary>Whatever is waited for is over at once.</summary>
    private sealed class WaitsForNothing : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
