using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Ledger.Hosting;
using Ledger.Web;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;

namespace Ledger.Bench;

/// <summary>
/// Submissions by conversation id over HTTP with a signed token, 8 kept-alive connections, beside commits of one row each on 8
/// connections. The client writes prepared bytes to a socket and reads the answer's status, so that little of the two cores goes into
/// measuring.
/// </summary>
public static class SubmitBench
{
    private const int Connections = 8;

    /// <returns>The rate, and how long the events of each round waited for the log.</returns>
    public static async Task<Figure[]> RunAsync(bool quick)
    {
        var (rounds, length) = quick ? (3, TimeSpan.FromSeconds(2)) : (9, TimeSpan.FromSeconds(3));
        await using var bench = await BenchDatabase.StartAsync();
        await bench.ExecuteAsync("create table bench_floor (id bigint generated always as identity primary key, data jsonb not null)");
        await using var node = LedgerService.Build(new ServiceSettings
        {
            Connection = bench.Database.ServiceConnection,
            Keys = bench.Keys,
            Urls = "http://127.0.0.1:0",
            Turns = null,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            Http = new HttpOptions { Submits = null, Polls = null },
        });
        await node.StartAsync();
        var address = new Uri(node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        var request = Request(bench, address);
        var (measured, floor, covered) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            double submitted, inserted;
            var began = TimeProvider.System.GetUtcNow();
            if (round % 2 == 0)
                (submitted, inserted) = (
                    await RateAsync(length, until => SubmitAsync(address.Port, request, until)),
                    await RateAsync(length, until => InsertAsync(bench, until)));
            else
                (inserted, submitted) = (
                    await RateAsync(length, until => InsertAsync(bench, until)),
                    await RateAsync(length, until => SubmitAsync(address.Port, request, until)));
            if (round > 0)
            {
                measured.Add(submitted);
                floor.Add(inserted);
                covered.Add(await Coverage.P99SinceAsync(bench, began));
            }
            Console.Error.WriteLine(FormattableString.Invariant($"submit {round}: {submitted:N0}/s beside {inserted:N0}/s"));
        }
        await node.StopAsync();
        return
        [
            new Figure($"submit, {Connections} connections", "commits/s", "POST", "one-row inserts", measured, floor, "0.7"),
            new Figure(
                "from recorded to covered, meanwhile", "ms (p99)", "event", "pass interval", covered,
                [.. covered.Select(_ => Coverage.IntervalMilliseconds)], "at most 4 (1 s)"),
        ];
    }

    private static async Task<double> RateAsync(TimeSpan length, Func<long, Task<long>> connection)
    {
        var began = Stopwatch.GetTimestamp();
        var until = began + (long)(length.TotalSeconds * Stopwatch.Frequency);
        var done = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => connection(until))));
        return done.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<long> InsertAsync(BenchDatabase bench, long until)
    {
        await using var connection = await bench.Superuser.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("insert into bench_floor (data) values ($1)", connection)
        {
            Parameters =
            {
                new()
                {
                    Value = """{"status": "queued", "requestType": "conversationIds"}""",
                    NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb,
                },
            },
        };
        await command.PrepareAsync();
        long done = 0;
        for (; Stopwatch.GetTimestamp() < until; done++)
            await command.ExecuteNonQueryAsync();
        return done;
    }

    private static async Task<long> SubmitAsync(int port, byte[] request, long until)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var buffer = new byte[4096];
        long done = 0;
        for (; Stopwatch.GetTimestamp() < until; done++)
        {
            await socket.SendAsync(request);
            await ReadAnswerAsync(socket, buffer);
        }
        return done;
    }

    private static async Task ReadAnswerAsync(Socket socket, byte[] buffer)
    {
        var read = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(read));
            if (received == 0)
                throw new InvalidOperationException("the service closed the connection");
            read += received;
            var text = Encoding.ASCII.GetString(buffer, 0, read);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                continue;
            if (!text.StartsWith("HTTP/1.1 202", StringComparison.Ordinal))
                throw new InvalidOperationException(text);
            var length = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            if (length >= 0
                    ? read >= end + 4 + int.Parse(text.AsSpan(length + 16, text.IndexOf('\r', length) - length - 16))
                    : text.EndsWith("0\r\n\r\n", StringComparison.Ordinal))
                return;
        }
    }

    private static byte[] Request(BenchDatabase bench, Uri address)
    {
        var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            JsonSerializer.Serialize(new { sub = "bench", appId = BenchDatabase.Client }),
            new SigningCredentials(new SymmetricSecurityKey(bench.Secret), SecurityAlgorithms.HmacSha256));
        const string Body = """{"conversationIds":["69eb0c87ec444445976aaaaa","69eb0b5c7cd98618e06bbbbb"]}""";
        return Encoding.ASCII.GetBytes(
            $"POST /api/public/bot/{BenchDatabase.Bot}/conversations/delete HTTP/1.1\r\nHost: {address.Authority}\r\nauth: {token}\r\n" +
            $"Content-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
    }
}
