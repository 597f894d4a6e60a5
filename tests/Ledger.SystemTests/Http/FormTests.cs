using System.Net;
using System.Text;
using Ledger.Contracts.Registry;
using Ledger.SystemTests.Browser;

namespace Ledger.SystemTests.Http;

/// <summary>Whatever a body is, a call that takes one says what is wrong with it, and never fails.</summary>
public sealed class FormTests(SharedApiService shared) : IClassFixture<SharedApiService>
{
    private const string Form = "application/x-www-form-urlencoded";

    [SkippableTheory]
    [InlineData("/login")]
    [InlineData("/messages/retry")]
    public async Task A_form_that_is_none_gets_a_page_that_says_why(string path)
    {
        var service = await shared.Service;
        using var person = new Person(service.Node);
        using (var entered = await person.SignInAsync(service.Token(Scope.LedgerAudit)))
            Assert.Equal(HttpStatusCode.SeeOther, entered.StatusCode);
        foreach (var (what, status, type, body) in Hostile())
        {
            using var answer = await person.PostBodyAsync(path, Content(type, body));
            var page = await answer.Content.ReadAsStringAsync();
            Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} instead of {status} for {what}");
            Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
            Assert.Contains("form", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("This address is not right", page, StringComparison.Ordinal);
        }
    }

    [SkippableTheory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("Application/X-WWW-Form-Urlencoded ; Charset=\"utf-8\"")]
    public async Task A_form_as_browsers_send_it_is_read(string type)
    {
        var service = await shared.Service;
        using var person = new Person(service.Node);
        var token = Uri.EscapeDataString($" Bearer {service.Token(Scope.LedgerAudit)}\r\n").Replace("%20", "+", StringComparison.Ordinal);
        var body = Encoding.ASCII.GetBytes($"token={token}&next=%2Fjobs%3Fstatus%3Dfailed");
        using var entered = await person.PostBodyAsync("/login", Content(type, body));
        Assert.Equal((HttpStatusCode.SeeOther, "/jobs?status=failed"), (entered.StatusCode, entered.Headers.Location?.ToString()));
        var message = "id=7f9c24e8-3b11-4c61-9a55-0d2f6c1b9e10"u8.ToArray();
        using var retried = await person.PostBodyAsync("/messages/retry", Content(type, message));
        Assert.Equal("/messages?retried=no", retried.Headers.Location?.ToString());
        using var unnamed = await person.PostBodyAsync("/messages/retry", Content(type, "id=7"u8.ToArray()));
        Assert.Equal(HttpStatusCode.BadRequest, unnamed.StatusCode);
    }

    [SkippableFact]
    public async Task No_call_that_takes_a_body_fails_on_any()
    {
        var service = await shared.Service;
        var job = (await service.SubmitAsync("""{"cId":"u"}""")).Header("Location")!;
        using var person = new Person(service.Node);
        using var entered = await person.SignInAsync(service.Token(Scope.LedgerAudit));
        var bodies = Hostile().Select(hostile => (hostile.What, hostile.Type, hostile.Body)).Concat(Json()).ToList();
        var types = bodies.Select(body => body.Type).Append("application/json").Append("").Distinct().ToList();
        string[] ofPeople = ["/login", "/logout", "/messages/retry", "/verify", "/jobs", "/", "/health/live", "/log/checkpoint"];
        foreach (var path in new[] { service.Deletions, job, $"{job}/proof" }.Concat(ofPeople))
        {
            foreach (var (what, type, body) in bodies.SelectMany(body => types.Select(type => (body.What, type, body.Body))))
            {
                using var request = service.Request(HttpMethod.Post, path);
                request.Content = Content(type, body);
                using var answer = ofPeople.Contains(path)
                    ? await person.PostBodyAsync(path, Content(type, body))
                    : await service.Client.SendAsync(request);
                Assert.True((int)answer.StatusCode < 500, $"{(int)answer.StatusCode} to {path} for {what} as {type}");
            }
        }
    }

    private static IEnumerable<(string What, int Status, string Type, byte[] Body)> Hostile() => Damaged().Concat(NoForms());

    private static IEnumerable<(string What, int Status, string Type, byte[] Body)> Damaged()
    {
        var many = string.Join('&', Enumerable.Range(0, 1025).Select(n => $"k{n}=v"));
        foreach (var (what, status, body) in new (string, int, byte[])[]
        {
            ("NUL", 400, "token=a%00b&id=a%00b"u8.ToArray()),
            ("a raw NUL", 400, "token=a\0b"u8.ToArray()),
            ("a NUL in a name", 400, "to%00ken=a"u8.ToArray()),
            ("1025 keys", 400, Encoding.ASCII.GetBytes(many)),
            ("1025 times one key", 400, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("id=1&", 1025)))),
            ("a long key", 400, Encoding.ASCII.GetBytes(new string('k', 5000) + "=v")),
            ("a long value", 413, Encoding.ASCII.GetBytes("token=" + new string('v', 200_000))),
            ("a megabyte", 413, Encoding.ASCII.GetBytes("id=" + new string('v', 1 << 20))),
            ("a field twice", 400, "token=a&token=b&id=a&id=b"u8.ToArray()),
            ("half a percent sign", 400, "token=%&id=%"u8.ToArray()),
            ("no hex", 400, "token=%zz&id=%zz"u8.ToArray()),
            ("one digit", 400, "token=a%2"u8.ToArray()),
            ("bytes that are no UTF-8", 400, "token=%ff%fe&id=%c3%28"u8.ToArray()),
            ("half a surrogate pair", 400, "token=%ed%a0%80"u8.ToArray()),
            ("raw bytes", 400, [0x74, 0x3D, 0xC3, 0x28]),
        })
            yield return (what, status, Form, body);
    }

    private static IEnumerable<(string What, int Status, string Type, byte[] Body)> NoForms()
    {
        foreach (var type in new[]
        {
            $"{Form}; charset=utf-7", $"{Form}; charset=utf-16", $"{Form}; charset=nonsense", $"{Form}; charset=", "text/plain",
            "application/json", "text", "", "multipart/form-data",
        })
            yield return (type, 415, type, "token=a&id=a"u8.ToArray());
        const string Part = "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nabc";
        foreach (var (what, body) in new[]
        {
            ("empty", ""), ("no boundary in it", "token=a"), ("cut off", Part), ("no headers", "--b\r\n\r\n"),
            ("a broken header", "--b\r\nnonsense\r\n\r\nabc\r\n--b--"), ("whole", Part + "\r\n--b--\r\n"),
        })
            yield return ($"multipart: {what}", 415, "multipart/form-data; boundary=b", Encoding.ASCII.GetBytes(body));
        yield return ("multipart: a long boundary", 415, $"multipart/form-data; boundary={new string('b', 5000)}", "--b"u8.ToArray());
    }

    private static IEnumerable<(string What, string Type, byte[] Body)> Json()
    {
        foreach (var (what, body) in new[]
        {
            ("nothing", ""), ("half an object", "{"), ("a list", "[]"), ("null", "null"), ("half a surrogate pair", "\"\\ud800\""),
            ("NUL", """{"cId":"\u0000"}"""), ("NUL in an id", """{"conversationId":"\u0000"}"""),
            ("a deep value", $$"""{"cId":{{new string('[', 60_000)}}"""), ("more than a value", """{"cId":"u"}x"""),
            ("1025 members", "{" + string.Join(',', Enumerable.Range(0, 1025).Select(n => $"\"k{n}\":1")) + "}"),
        })
            yield return (what, "application/json", Encoding.UTF8.GetBytes(body));
        yield return ("UTF-16", "application/json; charset=utf-16", Encoding.Unicode.GetBytes("{\"cId\":\"u\"}"));
        yield return ("UTF-7", "application/json; charset=utf-7", "{+AAA-}"u8.ToArray());
        yield return ("bytes that are no UTF-8", "application/json", [0x7B, 0xFF, 0x7D]);
    }

    private static ByteArrayContent Content(string type, byte[] body)
    {
        var content = new ByteArrayContent(body);
        if (type.Length > 0)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }
}
