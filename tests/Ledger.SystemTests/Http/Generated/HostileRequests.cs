using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Reference;
using Ledger.Tests.Verifier;

namespace Ledger.SystemTests.Http.Generated;

/// <summary>One generated request.</summary>
/// <param name="Operation">The operation of the API whose path it was made from; null for another path.</param>
/// <param name="IsOfConsole">True for a page or a form of the console.</param>
/// <param name="Make">Makes it, each time the same.</param>
internal sealed record GeneratedRequest(ApiOperation? Operation, bool IsOfConsole, Func<HttpRequestMessage> Make);

/// <summary>
/// Requests to every operation of the API's document and every form and page of the console. Each begins as one that is right, and mostly
/// something is then wrong with it: a name, an encoding, a type, a length, a header. The n-th request of a seed is always the same, but for
/// the jobs that it names.
/// </summary>
/// <param name="service">The service that they are for.</param>
/// <param name="document">Its API's document.</param>
/// <param name="jobs">Jobs to name. Requests may add to them.</param>
/// <param name="holds">Legal holds to name.</param>
/// <param name="cookie">Of a person who is signed in.</param>
internal sealed class HostileRequests(
    ApiService service, ApiDocument document, IReadOnlyList<string> jobs, IReadOnlyList<string> holds, string cookie)
{
    private static readonly string[] s_methods = ["GET", "POST", "DELETE", "PATCH", "PUT", "HEAD", "OPTIONS", "TRACE", "get", "FOO"];

    private static readonly string[] s_pieces =
    [
        "/", "//", "..", "%2e%2e", "%2F", "%252F", "%ff", "%C3%28", "%ED%A0%80", "%0a", "%0d%0aX:y", "%", "%u0041", "?", "&", "=", ";", "#",
        "😀", "é", "'", "\"", "~", "cdj-", "conversations", "delete", "*", "%20", "+", "1", "-1",
    ];

    private static readonly string[] s_values =
    [
        "", " ", "0", "-1", "1", "50", "51", "1e9", "9999999999999999999", "0x10", "١", "true", "null", "queued", "deleted", "u",
        "../x", "%00", "%0a", "%ff", "%F0%9F%98%80", "2026-05-04", "9999-12-31", "0001-01-01", "2026-02-30", "2026-05-04T00:00:00%2B14:00", "'", "\"", "[]",
        "a%C3%28", "%EF%BB%BFa", "%ED%A0%80", "*",
    ];

    private static readonly string[] s_json =
    [
        "null", "true", "0", "-0.0e+9", "1e400", "\"\"", "\" \"", "\"u\"", "\"\\ud800\"", "\"\\u0000\"", "\"\\ufeffu\"", "\"u\\n\"", "[]",
        "{}", "[null]", "[\"a\",\"a\"]", "[[\"a\"]]", "[1]", "{\"a\":1}", "\"2026-05-04\"", "\"9999-12-31T23:59:59.9999999Z\"",
        "\"0001-01-01T00:00:00+14:00\"", "\"2026-02-30\"", "\"gdpr_17_1_a\"", "\"😀\"",
    ];

    private static readonly string[] s_headers =
    [
        "auth", "Authorization", "Idempotency-Key", "If-None-Match", "If-Match", "Accept", "Accept-Encoding", "Accept-Charset", "Expect",
        "Cookie", "X-HTTP-Method-Override", "Range", "Origin", "Last-Event-ID", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Proto",
        "Sec-Fetch-Site", "Prefer", "traceparent",
    ];

    private static readonly string[] s_headerValues =
    [
        "", " ", "*", "\"", "\"2\"", "W/\"2\"", "2", ",", ";", "=", "a b", "ä", "\t", "application/json", "text/html;q=0.1, */*;q=0", "q=x",
        "Bearer ", "Bearer x.y.z", "eyJhbGciOiJub25lIn0.e30.", "bytes=0-0", "100-continue", "null", "https://elsewhere.example", "cross-site",
        "00-00000000000000000000000000000000-0000000000000000-00", "1, 2", "gzip", "utf-7",
    ];

    private static readonly string[] s_types =
    [
        "application/json", "application/json; charset=utf-8", "application/json; charset=\"UTF-8\"", "application/json; charset=utf-16",
        "application/json; charset=utf-7", "application/json; charset=", "application/json; charset=x; charset=utf-8",
        "application/problem+json", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-7",
        "multipart/form-data", "multipart/form-data; boundary=b", "multipart/form-data; boundary=", "*/*", "/", "application/json,text/plain",
    ];

    private static readonly string[] s_pages =
    [
        "/", "/jobs", "/bots", "/messages", "/log", "/verify", "/login", "/logout", "/messages/retry", "/assets/x", "/docs",
        "/jobs/st-other/x",
        "/jobs/st-other/x/certificate", "/holds",
    ];

    /// <summary>The n-th request.</summary>
    public GeneratedRequest Of(long seed, int n)
    {
        var chance = Chance.Of(seed + n);
        return chance.Below(10) switch
        {
            0 => new GeneratedRequest(null, true, () => Page(Chance.Of(~(seed + n)))),
            1 => new GeneratedRequest(null, false, () => Path(Chance.Of(~(seed + n)))),
            _ => OfOperation(chance, seed + n),
        };
    }

    private GeneratedRequest OfOperation(Chance chance, long seed)
    {
        var operation = document.Operations[chance.Below(document.Operations.Count)];
        var examples = ExampleRequest.Of(operation).ToList();
        var example = examples[chance.Below(examples.Count)];
        var (job, hold) = (jobs[chance.Below(jobs.Count)], holds[chance.Below(holds.Count)]);
        return new GeneratedRequest(operation, false, () => Example(Chance.Of(~seed), example, job, hold));
    }

    private HttpRequestMessage Example(Chance chance, ExampleRequest example, string job, string hold)
    {
        var bot = chance.Below(8) == 0 ? ApiService.OtherBot : service.Bot;
        var named = new Dictionary<string, string>
        {
            ["botId"] = bot,
            ["jobId"] = job,
            ["holdId"] = hold,
            ["fetchAfter"] = "",
            ["Idempotency-Key"] = "",
        };
        if (chance.Below(6) == 0)
            named["?"] = Query(chance);
        if (chance.Below(6) == 0 && example.Body is not null)
            named["Idempotency-Key"] = $"k-{chance.Below(50)}";
        if (chance.Below(12) == 0)
            named[chance.Below(2) == 0 ? "jobId" : "botId"] = Text(chance);
        if (example.Body is { } body && chance.Below(3) > 0)
            example = example with { Body = Json(chance, body) };
        var request = example.Message(named, chance.Below(15) == 0 ? s_methods[chance.Below(s_methods.Length)] : null);
        if (chance.Below(12) == 0)
            request.RequestUri = Hostile($"{request.RequestUri}{Pieces(chance)}");
        request.Headers.TryAddWithoutValidation("auth", Token(chance));
        if (chance.Below(5) == 0)
            AddHeader(request, chance);
        if (request.Content is not null && chance.Below(6) == 0)
            Retype(request, chance);
        else if (request.Content is null && chance.Below(12) == 0)
            request.Content = Content(Encoding.UTF8.GetBytes(chance.Below(2) == 0 ? "{}" : "x=1"), s_types[chance.Below(s_types.Length)]);
        return request;
    }

    private HttpRequestMessage Page(Chance chance)
    {
        var path = s_pages[chance.Below(s_pages.Length)];
        var query = chance.Below(2) == 0 ? "" : $"?{Query(chance)}";
        var request = new HttpRequestMessage(new HttpMethod(chance.Below(3) == 0 ? s_methods[chance.Below(s_methods.Length)] : "GET"), "/")
        {
            RequestUri = Hostile(path + query),
        };
        if (path is "/login" or "/logout" or "/messages/retry" && chance.Below(4) > 0)
        {
            request.Method = HttpMethod.Post;
            request.Content = Content(Form(chance), s_types[chance.Below(3) == 0 ? chance.Below(s_types.Length) : 10]);
            if (chance.Below(4) > 0)
                request.Headers.TryAddWithoutValidation("Origin", service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority));
        }
        // Not to where a person signs out: the session is everybody's.
        if (path is not ("/logout" or "/login") && chance.Below(4) > 0)
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
        request.Headers.TryAddWithoutValidation(
            "Accept", chance.Below(4) == 0 ? s_headerValues[chance.Below(s_headerValues.Length)] : "text/html");
        if (chance.Below(5) == 0)
            AddHeader(request, chance);
        return request;
    }

    private HttpRequestMessage Path(Chance chance)
    {
        string[] starts =
        [
            "/", "/api/public/bot/", "/api/public/bot/st-other/conversations/delete", "/api/public/bot/st-other/conversations/delete/",
            "/openapi/", "/health/", "/log/tile/", "/log/", "/verify", "/docs", "/api/public/bot/st-other/legal-holds/",
        ];
        var request = new HttpRequestMessage(new HttpMethod(s_methods[chance.Below(s_methods.Length)]), "/")
        {
            RequestUri = Hostile(starts[chance.Below(starts.Length)] + Pieces(chance)),
        };
        request.Headers.TryAddWithoutValidation("auth", Token(chance));
        return request;
    }

    private byte[] Form(Chance chance)
    {
        var form = new StringBuilder();
        for (var fields = chance.Below(4); fields >= 0; fields--)
        {
            var name = new[] { "token", "next", "id", "x", "%00", "token%ff", "" }[chance.Below(7)];
            form.Append(form.Length == 0 ? "" : "&").Append(name).Append(chance.Below(8) == 0 ? "" : "=").Append(
                chance.Below(4) switch { 0 => service.Token(Scope.LogsHistory), 1 => new string('a', chance.Below(6_000)), _ => Value(chance) });
        }
        var bytes = Encoding.UTF8.GetBytes(form.ToString());
        return bytes.Length > 0 && chance.Below(3) == 0 ? chance.Change(bytes) : bytes;
    }

    private static byte[] JsonBytes(Chance chance, string json) => chance.Below(7) switch
    {
        0 => [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(json)],
        1 => Encoding.Unicode.GetBytes(json),
        2 => [.. Encoding.UTF8.GetBytes(json), 0xFF],
        3 => [.. Encoding.UTF8.GetBytes(json), .. new byte[chance.Below(300_000)]],
        _ => chance.Change(Encoding.UTF8.GetBytes(json)),
    };

    /// <summary>The body with a member left out, added, repeated, or of another value or depth; or with other bytes.</summary>
    private static string Json(Chance chance, string body)
    {
        var members = JsonNode.Parse(body)!.AsObject().ToDictionary(one => one.Key, one => one.Value?.ToJsonString() ?? "null");
        List<string> names =
        [
            .. members.Keys, "cId", "conversationIds", "startDate", "endDate", "case", "reason", "until", "dueOn", "x", "ENDDATE",
        ];
        var text = new List<string>();
        for (var changes = chance.Below(3); changes >= 0; changes--)
        {
            var name = names[chance.Below(names.Count)];
            switch (chance.Below(4))
            {
                case 0:
                    members.Remove(name);
                    break;
                case 1:
                    text.Add($"{JsonSerializer.Serialize(name)}:{JsonValue(chance)}"); // perhaps a second time
                    break;
                default:
                    members[name] = JsonValue(chance);
                    break;
            }
        }
        text.AddRange(members.Select(one => $"{JsonSerializer.Serialize(one.Key)}:{one.Value}"));
        return $"{{{string.Join(',', text)}}}";
    }

    private static string JsonValue(Chance chance) => chance.Below(12) switch
    {
        0 => new string('[', 1 + chance.Below(200)),
        1 => $"[{string.Join(',', Enumerable.Range(0, 99 + chance.Below(4)).Select(n => $"\"c-{n}\""))}]",
        2 => JsonSerializer.Serialize(new string('é', 126 + chance.Below(5))),
        _ => s_json[chance.Below(s_json.Length)],
    };

    private static void Retype(HttpRequestMessage request, Chance chance)
    {
        var body = request.Content!.ReadAsStringAsync().GetAwaiter().GetResult();
        request.Content = Content(
            chance.Below(2) == 0 ? JsonBytes(chance, body) : Encoding.UTF8.GetBytes(body),
            chance.Below(2) == 0 ? "application/json" : s_types[chance.Below(s_types.Length)]);
        if (chance.Below(4) == 0)
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", s_headerValues[chance.Below(s_headerValues.Length)]);
    }

    private static ByteArrayContent Content(byte[] body, string type)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    private static void AddHeader(HttpRequestMessage request, Chance chance)
    {
        var name = s_headers[chance.Below(s_headers.Length)];
        var value = string.Concat(Enumerable.Range(0, 1 + chance.Below(3)).Select(_ => s_headerValues[chance.Below(s_headerValues.Length)]));
        // Nobody would answer to the client of the test what it waits for there.
        if (name == "Expect" && value.Contains("100-continue", StringComparison.Ordinal))
            return;
        if (name is "auth" or "Authorization")
            request.Headers.Remove("auth");
        request.Headers.TryAddWithoutValidation(name, value);
    }

    private string Token(Chance chance) => chance.Below(12) switch
    {
        0 => service.Token(Scope.LedgerAudit),
        1 => service.Token(Scope.LogsHistory),
        2 => "x.y.z",
        3 => Encoding.Latin1.GetString(chance.Change(Encoding.ASCII.GetBytes(service.Token(Scope.LedgerAudit))))
            .Replace("\n", "", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal),
        _ => service.Token([.. Enum.GetValues<Scope>()]),
    };

    private static string Query(Chance chance)
    {
        string[] names =
        [
            "limit", "after", "status", "outcome", "asOf", "offset", "startDate", "endDate", "fetchAfter", "ids", "format", "x", "", "LIMIT",
            "limit%00", "next", "bot",
        ];
        return string.Join(
            chance.Below(9) == 0 ? ";" : "&",
            Enumerable.Range(0, 1 + chance.Below(3)).Select(_ => $"{names[chance.Below(names.Length)]}={Value(chance)}"));
    }

    private static string Value(Chance chance) => s_values[chance.Below(s_values.Length)];

    private static string Pieces(Chance chance) =>
        string.Concat(Enumerable.Range(0, 1 + chance.Below(4)).Select(_ => s_pieces[chance.Below(s_pieces.Length)]));

    private static string Text(Chance chance) =>
        new[] { "x", "cdj-00000000-0000-5000-8000-000000000000", ".", "..", "é😀", "\u0001", "a/b", "%2F", new string('b', 129), " " }[
            chance.Below(10)];

    /// <summary>The address as it stands, but for what no client could send.</summary>
    private Uri Hostile(string target)
    {
        var escaped = string.Concat(
            target.EnumerateRunes().Select(rune => rune.Value is > ' ' and <= '~' and not '"'
                ? rune.ToString()
                : Uri.EscapeDataString(rune.ToString())));
        return new Uri(
            $"{service.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)}{escaped}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }
}
