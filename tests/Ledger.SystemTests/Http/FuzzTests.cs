using System.Globalization;
using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Browser;
using Ledger.SystemTests.Http.Generated;
using Ledger.SystemTests.Reference;

namespace Ledger.SystemTests.Http;

/// <summary>Whatever is sent: never a 500, every error in the envelope of contract §5, and nothing recorded by what is refused.</summary>
public sealed class FuzzTests
{
    /// <summary>More of them, and with another seed, for a long run: see docs/testing.md.</summary>
    private static readonly int s_requests = (int)Number("LEDGER_FUZZ_REQUESTS", 20_000);

    private static readonly long s_seed = Number("LEDGER_FUZZ_SEED", 1) << 32;

    [SkippableFact]
    public async Task Generated_requests_to_every_operation_and_form_are_answered_by_the_contract_and_refusals_record_nothing()
    {
        await using var service = await ApiService.StartAsync();
        var everything = Enum.GetValues<Scope>();
        await service.AddClientAsync(
            ApiService.ClientWith(everything), secret: System.Security.Cryptography.RandomNumberGenerator.GetBytes(64), scopes: everything);
        var jobs = new List<string>();
        foreach (var n in Enumerable.Range(0, 40))
            jobs.Add((await service.SubmitAsync($$"""{"cId":"u-{{n}}"}""")).Json.GetProperty("jobId").GetString()!);
        var holds = new List<string>();
        foreach (var n in Enumerable.Range(0, 10))
        {
            var place = new HttpRequestMessage(HttpMethod.Post, $"/api/public/bot/{Uri.EscapeDataString(service.Bot)}/legal-holds")
            {
                Headers = { { "auth", service.Token(everything) } },
                Content = ApiService.Json($$"""{"cId":"held-{{n}}","reason":"test"}"""),
            };
            holds.Add((await service.SendAsync(place)).Is(201).Member("holdId"));
        }
        using var person = new Person(service.Node);
        using (await person.SignInAsync(service.Token(everything)))
        {
        }
        var before = await CountsAsync(service);
        var requests = new HostileRequests(
            service, await ApiDocument.LoadAsync(service.Client), jobs, holds, $"ledger-session={person.Session}");
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
                AllowAutoRedirect = false,
                UseCookies = false,
            })
        {
            BaseAddress = service.Client.BaseAddress,
        };
        var answers = new Answers();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, s_requests), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (n, cancel) =>
            {
                var request = requests.Of(s_seed, n);
                answers.Add(n, request, await GeneratedAnswer.OfAsync(client, request, cancel));
            });

        Assert.Empty(answers.Problems);
        Assert.All(
            [200, 201, 202, 400, 401, 403, 404, 405, 409, 413, 415],
            status => Assert.True(answers.Statuses.ContainsKey(status), $"no {status} among {string.Join(", ", answers.Statuses)}"));
        // Every event is one that an answer told of.
        var after = await CountsAsync(service);
        foreach (var (type, count) in answers.Recorded())
            Assert.Equal((type, before.GetValueOrDefault(type) + count), (type, after.GetValueOrDefault(type)));
        // And one after the other: a refused request leaves no trace at all.
        foreach (var refused in answers.Refused)
        {
            var recorded = await service.RecordedAsync();
            // By now it can be right: its job has its checkpoint, say.
            if ((await GeneratedAnswer.OfAsync(client, refused, CancellationToken.None)).Status >= 400)
                Assert.Equal(recorded, await service.RecordedAsync());
        }
    }

    [SkippableFact]
    public async Task Broken_http_is_refused_and_the_service_goes_on()
    {
        await using var service = await ApiService.StartAsync();
        foreach (var bytes in s_broken.Sample(400, 40).Concat(s_knownlyBroken))
        {
            var line = await RawAsync(service, bytes);
            // Kestrel refuses what is no HTTP before any code of ours: 400, 408, 411, 413, 414, 431 with an empty body; 505 for another
            // version of HTTP.
            Assert.True(line is "" or "505" || int.Parse(line) < 500, $"{line} for {Encoding.Latin1.GetString(bytes)}");
        }
        (await service.GetAsync(service.Deletions)).Is(200);
    }

    private static long Number(string variable, long usual) => long.Parse(
        Environment.GetEnvironmentVariable(variable) ?? usual.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    /// <summary>How many events of each type are recorded.</summary>
    private static async Task<Dictionary<string, long>> CountsAsync(ApiService service)
    {
        var rows = await service.QueryAsync<string[]>(
            "select array_agg(type || ' ' || n) from (select type, count(*) as n from ledger.mt_events group by type) counted");
        return rows.Select(row => row.Split(' ')).ToDictionary(row => row[0], row => long.Parse(row[1], CultureInfo.InvariantCulture));
    }

    private static readonly Gen<byte[]> s_broken =
        from pieces in Gen.Elements(
                "GET ",
                "POST ",
                "/",
                "/api/public/bot/st-other/conversations/delete",
                " HTTP/1.1",
                " HTTP/1.0",
                " HTTP/9.9",
                "\r\n",
                "\n",
                "\r",
                "Host: x\r\n",
                "Host: x\r\nHost: y\r\n",
                "auth: x\r\n",
                "Content-Length: 5\r\n",
                "Content-Length: -1\r\n",
                "Transfer-Encoding: chunked\r\n",
                "Transfer-Encoding: gzip\r\n",
                "zz\r\n",
                "5\r\nhello\r\n",
                "0\r\n\r\n",
                "\0",
                ": \r\n",
                " folded\r\n",
                "%00",
                "\u0080"
            )
            .ListOf()
        select Encoding.Latin1.GetBytes(string.Concat(pieces) + "\r\n\r\n");

    private static readonly byte[][] s_knownlyBroken =
    [
        "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
        [
            .. "POST /api/public/bot/st-other/conversations/delete HTTP/1.1\r\nHost: x\r\n"u8,
            .. "Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nzz\r\n"u8,
        ],
        Encoding.ASCII.GetBytes($"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n"),
        Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: x\r\nauth: {new string('a', 60_000)}\r\n\r\n"),
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"u8.ToArray(),
    ];

    /// <summary>The status of the first answer; "" if the connection was closed without one.</summary>
    private static async Task<string> RawAsync(ApiService service, byte[] bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(service.Client.BaseAddress!.Host, service.Client.BaseAddress.Port);
        await using var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(bytes);
            client.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var line = await reader.ReadLineAsync() ?? "";
            return line.Length == 0 ? "" : line.Split(' ')[1];
        }
        catch (IOException)
        {
            return ""; // reset: Kestrel had answered and closed while we were still writing
        }
    }
}
