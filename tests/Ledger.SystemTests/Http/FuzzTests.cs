using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Ledger.SystemTests.Http;

/// <summary>Whatever is sent: never a 500, and every error in the envelope of contract §5.</summary>
public sealed class FuzzTests
{
    [SkippableFact]
    public async Task Ten_thousand_generated_requests_are_answered_by_the_contract()
    {
        await using var service = await ApiService.StartAsync();
        var job = (await service.SubmitAsync("""{"cId":"u"}""")).Header("Location")!;
        var requests = s_bodies
            .Sample(5000, 30)
            .Select(body => Body(service, body))
            .Concat(s_headers.Sample(3000, 20).Select(header => Header(service, job, header)))
            .Concat(s_paths.Sample(2500, 20).Select(path => Path(service, path)))
            .ToList();
        Assert.True(requests.Count >= 10_000);

        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1 })
        {
            BaseAddress = service.Client.BaseAddress,
        };
        var statuses = new ConcurrentDictionary<int, int>();
        await Parallel.ForEachAsync(
            requests,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (request, _) =>
            {
                var what = $"{request.Method} {request.RequestUri} {request.Headers}";
                var answer = await service.SendAsync(request, client);
                statuses.AddOrUpdate((int)answer.Status, 1, (_, count) => count + 1);
                Assert.True((int)answer.Status < 500, $"{(int)answer.Status} for {what}: {answer.Body}");
                if ((int)answer.Status >= 400 && request.Method != HttpMethod.Head && !IsKestrels(answer))
                    answer.IsError((int)answer.Status, answer.Json.GetProperty("errors")[0].GetProperty("code").GetInt32());
            }
        );
        // The generators reach what they are meant to reach.
        Assert.All(
            [200, 202, 400, 401, 404, 405, 415],
            status => Assert.True(statuses.ContainsKey(status), $"no {status} among {string.Join(", ", statuses)}"));
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

    /// <summary>What Kestrel refuses by itself has no body: bytes in a header that are no UTF-8, a path with an encoded NUL.</summary>
    private static bool IsKestrels(Answer answer) => answer.Body.Length == 0 && (int)answer.Status is 400 or 414 or 431;

    private static readonly string[] s_scraps =
    [
        "{", "}", "[", "]", ",", ":", "null", "true", "1", "-0.0e+9", "\"", "\\", "\"conversationIds\"", "\"cId\"", "\"startDate\"",
        "\"endDate\"", "\"u\"", "\"\\ud800\"", "\"\\u0000\"", "[\"a\",\"b\"]", "[]", "{}", "\"2026-05-04\"",
        "\"9999-12-31T23:59:59.9999999Z\"", "\"0001-01-01T00:00:00+14:00\"", " ", "\n", "\0", "ÿ", "\uFEFF", "😀",
    ];

    private static readonly Gen<byte[]> s_bodies = Gen.OneOf(
        Gen.Elements(s_scraps).ListOf().Select(scraps => Encoding.UTF8.GetBytes(string.Concat(scraps))),
        (
            from name in Gen.Elements("conversationIds", "cId", "startDate", "endDate", "enddate", "x")
            from value in Gen.Elements(s_scraps)
            select $"\"{name}\":{value}"
        )
            .ListOf()
            .Select(members => Encoding.UTF8.GetBytes("{" + string.Join(',', members) + "}")),
        ArbMap
            .Default.GeneratorFor<string>()
            .Select(id => Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(new { cId = id }))),
        ArbMap.Default.GeneratorFor<byte[]>()
    );

    private static readonly Gen<string> s_text = Gen.OneOf(
        Gen.Elements(
            "", " ", "*", "\"", "\"2\"", "W/\"2\"", "2", ",", ";", "=", "a b", "ä", "\t", "application/json", "application/json;charset=",
            "charset=utf-8", "Bearer ", "Bearer x.y.z", "eyJhbGciOiJub25lIn0.e30."),
        ArbMap
            .Default.GeneratorFor<string>()
            .Select(text => new string([.. (text ?? "").Where(character => character is >= ' ' and <= '~')]))
    );

    private static readonly Gen<(string Name, string Value)> s_headers =
        from name in Gen.Elements(
            "auth", "Authorization", "Idempotency-Key", "If-None-Match", "Content-Type", "Content-Encoding", "Accept", "Expect", "Cookie",
            "X-HTTP-Method-Override", "Range", "Origin")
        from values in s_text.ListOf()
        select (name, string.Concat(values));

    private static readonly Gen<(string Method, string Path)> s_paths =
        from method in Gen.Elements("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE")
        from start in Gen.Elements(
            "/", "/api/public/bot/", "/api/public/bot/st-other/conversations/delete", "/api/public/bot/st-other/conversations/delete/",
            "/openapi/", "/health/")
        from rest in Gen.Elements(
                "st-other",
                "/",
                "//",
                "..",
                "%2e%2e",
                "%2F",
                "%252F",
                "%ff",
                "%C3%28",
                "%0a",
                "%",
                "?",
                "&",
                "limit=",
                "after=",
                "status=queued",
                "1",
                "-1",
                "cdj-",
                "cdj-00000000-0000-5000-8000-000000000000",
                "conversations",
                "delete",
                "outcomes",
                "live",
                "v1.json",
                ";",
                "😀",
                "~",
                "'",
                "\""
            )
            .ListOf()
        select (method, start + string.Concat(rest));

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

    private static HttpRequestMessage Body(ApiService service, byte[] body)
    {
        var request = service.Request(HttpMethod.Post, service.Deletions);
        request.Content = new ByteArrayContent(body ?? []) { Headers = { ContentType = new("application/json") } };
        return request;
    }

    private static HttpRequestMessage Header(ApiService service, string job, (string Name, string Value) header)
    {
        var submit = header.Name is "Content-Type" or "Content-Encoding" or "Idempotency-Key" or "Expect";
        var request = submit
            ? service.Request(HttpMethod.Post, service.Deletions, """{"cId":"u"}""")
            : service.Request(HttpMethod.Get, job);
        if (header.Name is "auth" or "Authorization")
            request.Headers.Remove("auth");
        if (!submit || header.Name is "Idempotency-Key" or "Expect")
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
            return request;
        }
        request.Content!.Headers.Remove(header.Name);
        request.Content.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return request;
    }

    private static HttpRequestMessage Path(ApiService service, (string Method, string Path) call)
    {
        var options = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var escaped = string.Concat(
            call.Path.Select(character =>
                character is > ' ' and <= '~' and not '"' ? character.ToString() : Uri.EscapeDataString(character == '"' ? "\"" : "é")
            )
        );
        var request = service.Request(new HttpMethod(call.Method), "/");
        request.RequestUri = new Uri($"{service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}{escaped}", options);
        return request;
    }

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
