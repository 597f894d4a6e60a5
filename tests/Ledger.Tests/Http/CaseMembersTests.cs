using System.Text;
using Ledger.Api;
using Ledger.Api.Cases;
using Ledger.Contracts.Jobs;
using Ledger.Jobs.Cases;

namespace Ledger.Tests.Http;

/// <summary>The <c>case</c> of a submission, and the body that extends its deadline.</summary>
public sealed class CaseMembersTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);

    [Fact]
    public void A_case_is_read_whole() => Assert.Equal(
        new DeletionCase("DSAR 7/2026 ä", new(2026, 5, 8), CaseBasis.Gdpr171F, new(2026, 5, 9)),
        Told("""{"reference":"DSAR 7/2026 ä","receivedOn":"2026-05-08","basis":"gdpr_17_1_f","dueOn":"2026-05-09"}"""));

    [Theory]
    [InlineData("""{"basis":"gdpr_17_1_a","receivedOn":"2026-04-02"}""", "2026-05-02")]
    [InlineData("""{"basis":"gdpr_17_1_b","receivedOn":"2026-01-31"}""", "2026-02-28")]
    [InlineData("""{"basis":"gdpr_17_1_b","receivedOn":"2024-01-31"}""", "2024-02-29")]
    [InlineData("""{"basis":"gdpr_17_1_c","receivedOn":"2026-03-31"}""", "2026-04-30")]
    [InlineData("""{"basis":"gdpr_17_1_c","receivedOn":"2025-12-31"}""", "2026-01-31")]
    [InlineData("""{"basis":"ccpa","receivedOn":"2026-04-02"}""", "2026-05-17")]
    [InlineData("""{"basis":"ccpa","receivedOn":"2026-04-02","dueOn":"2026-04-03"}""", "2026-04-03")]
    [InlineData("""{"basis":"other","receivedOn":"2026-04-02"}""", null)]
    [InlineData("""{"receivedOn":"2026-04-02"}""", null)]
    [InlineData("""{"basis":"gdpr_17_1_a"}""", null)]
    [InlineData("""{"basis":"gdpr_17_1_a","receivedOn":null,"dueOn":null}""", null)]
    public void The_deadline_follows_from_basis_and_receipt_unless_it_is_sent(string told, string? dueOn) =>
        Assert.Equal(dueOn is null ? null : DateOnly.Parse(dueOn, null), Told(told)!.DueOn);

    [Fact]
    public void Null_means_absent()
    {
        Assert.Null(Valid("""{"cId":"u","case":null}""").Case);
        Assert.Equal(Valid("""{"cId":"u"}""").Canonical, Valid("""{"cId":"u","case":null}""").Canonical);
        Assert.Equal(new DeletionCase("r", null, null, null), Told("""{"reference":"r","receivedOn":null,"basis":null,"dueOn":null}"""));
    }

    [Theory]
    [InlineData("{}", "case is empty")]
    [InlineData("""{"reference":null}""", "case is empty")]
    [InlineData("[]", "case must be a JSON object")]
    [InlineData("7", "case must be a JSON object")]
    [InlineData("\"gdpr_17_1_a\"", "case must be a JSON object")]
    [InlineData("""{"basis":"ccpa","Reference":"r"}""", "case.member 2 is reference in another letter case: write reference")]
    [InlineData("""{"basis":"ccpa","note":{"a":[1]}}""", "case.member 2 is unknown: only reference, receivedOn, basis and dueOn are known")]
    [InlineData("""{"basis":"ccpa","\ud800":1}""", "case.member 2 is unknown")]
    [InlineData("""{"basis":"ccpa","basis":"ccpa"}""", "case.basis is there more than once")]
    [InlineData("""{"basis":null,"basis":"ccpa"}""", "case.basis is there more than once")]
    [InlineData("""{"basis":"GDPR_17_1_A"}""", "case.basis must be one of gdpr_17_1_a, ")]
    [InlineData("""{"basis":"0"}""", "case.basis must be one of gdpr_17_1_a, ")]
    [InlineData("""{"basis":0}""", "case.basis must be one of gdpr_17_1_a, ")]
    [InlineData("""{"reference":""}""", "case.reference must be a string of 1 to 64 visible characters")]
    [InlineData("""{"reference":7}""", "case.reference must be")]
    [InlineData("""{"reference":["r"]}""", "case.reference must be")]
    [InlineData("""{"reference":" r"}""", "case.reference must be")]
    [InlineData("""{"reference":"r "}""", "case.reference must be")]
    [InlineData("""{"reference":"a\tb"}""", "case.reference must be")]
    [InlineData("""{"reference":"a\u00a0b"}""", "case.reference must be")]
    [InlineData("""{"reference":"a\u200bb"}""", "case.reference must be")]
    [InlineData("""{"reference":"a\u202eb"}""", "case.reference must be")]
    [InlineData("""{"reference":"a\u2028b"}""", "case.reference must be")]
    [InlineData("""{"reference":"\ufeffa"}""", "case.reference must be")]
    [InlineData("""{"reference":"\ud800"}""", "case.reference must be")]
    [InlineData("""{"receivedOn":"2026-05-09"}""", "case.receivedOn must not be after today")]
    [InlineData("""{"receivedOn":"2026-5-1"}""", "case.receivedOn must be a date")]
    [InlineData("""{"receivedOn":"2026-02-30"}""", "case.receivedOn must be a date")]
    [InlineData("""{"receivedOn":" 2026-05-01"}""", "case.receivedOn must be a date")]
    [InlineData("""{"receivedOn":"2026-05-01T00:00:00Z"}""", "case.receivedOn must be a date")]
    [InlineData("""{"dueOn":20260501}""", "case.dueOn must be a date")]
    [InlineData("""{"receivedOn":"2026-05-02","dueOn":"2026-05-01"}""", "case.dueOn must not be before case.receivedOn")]
    public void A_broken_rule_is_named(string told, string problem) => Assert.StartsWith(
        problem, Assert.Single(Problems($$"""{"cId":"u","case":{{told}}}""")), StringComparison.Ordinal);

    [Fact]
    public void All_problems_are_named_at_once_also_those_beside_the_case() => Assert.Equal(
        [
            "cId must be a non-blank string",
            "case.reference must be a string", "case.receivedOn must be a date", "case.dueOn must be a date", "case.basis must be one of",
        ],
        Problems("""{"cId":"","case":{"reference":1,"receivedOn":2,"basis":3,"dueOn":4}}""")
            .Select((problem, i) => problem[..new[] { 30, 31, 30, 25, 25 }[i]]));

    [Fact]
    public void A_reference_has_1_to_64_code_points()
    {
        Assert.NotNull(Told($$"""{"reference":"{{string.Concat(Enumerable.Repeat("😀", 64))}}"}"""));
        Assert.Single(Problems($$$"""{"cId":"u","case":{"reference":"{{{new string('x', 65)}}}"}}"""));
    }

    [Theory]
    [InlineData("""{"reference":"a"}""", """{"reference":"b"}""")]
    [InlineData("""{"reference":"ccpa"}""", """{"basis":"ccpa"}""")]
    [InlineData("""{"receivedOn":"2026-05-01"}""", """{"dueOn":"2026-05-01"}""")]
    [InlineData("""{"basis":"ccpa","receivedOn":"2026-04-02"}""", """{"basis":"ccpa","receivedOn":"2026-04-02","dueOn":"2026-05-17"}""")]
    public void Another_case_is_another_request(string one, string other) => Assert.NotEqual(Canonical(one), Canonical(other));

    [Fact]
    public void The_same_case_written_differently_is_the_same_request_and_none_is_another()
    {
        Assert.Equal(
            Canonical("""{"basis":"ccpa","reference":"r"}"""), Canonical("""{ "reference":"\u0072", "dueOn":null, "basis":"ccpa" }"""));
        Assert.NotEqual(
            Valid("""{"conversationIds":["a","case","r"]}""").Canonical,
            Valid("""{"conversationIds":["a"],"case":{"reference":"r"}}""").Canonical);
    }

    [Fact]
    public void An_extension_has_a_day_and_a_reason()
    {
        var request = Extension("""{"reason":"many requests, Art. 12(3)","dueOn":"2026-08-02"}""");
        Assert.Equal((new DateOnly(2026, 8, 2), "many requests, Art. 12(3)"), (request.DueOn, request.Reason));
        Assert.Empty(request.Problems);
    }

    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("{", "the body is not valid JSON")]
    [InlineData("[]", "the body must be a JSON object")]
    [InlineData("""{"dueOn":"2026-08-02","reason":"r"} x""", "the body is not valid JSON")]
    [InlineData("""{"reason":"r"}""", "dueOn is required")]
    [InlineData("""{"dueOn":"2026-08-02"}""", "reason is required")]
    [InlineData("""{"dueOn":null,"reason":"r"}""", "dueOn is required")]
    [InlineData("""{"dueOn":"2026-13-01","reason":"r"}""", "dueOn must be a date")]
    [InlineData("""{"dueOn":"2026-08-02","reason":""}""", "reason must be a string of 1 to 500 visible characters")]
    [InlineData("""{"dueOn":"2026-08-02","reason":"a\nb"}""", "reason must be a string")]
    [InlineData("""{"dueOn":"2026-08-02","reason":["r"]}""", "reason must be a string")]
    [InlineData("""{"dueOn":"2026-08-02","reason":"r","reason":"s"}""", "reason is there more than once")]
    [InlineData("""{"dueOn":"2026-08-02","reason":"r","dueon":"s"}""", "member 3 is dueOn in another letter case")]
    [InlineData("""{"dueOn":"2026-08-02","reason":"r","basis":"ccpa"}""", "member 3 is unknown: only dueOn and reason are known")]
    public void A_broken_rule_of_an_extension_is_named(string body, string problem) =>
        Assert.StartsWith(problem, Assert.Single(Extension(body).Problems), StringComparison.Ordinal);

    [Fact]
    public void A_reason_has_at_most_500_code_points()
    {
        Assert.Empty(Extension($$"""{"dueOn":"2026-08-02","reason":"{{new string('x', 500)}}"}""").Problems);
        Assert.Single(Extension($$"""{"dueOn":"2026-08-02","reason":"{{new string('x', 501)}}"}""").Problems);
    }

    private static DeadlineExtensionRequest Extension(string body) => DeadlineExtensionRequest.Parse(Encoding.UTF8.GetBytes(body));

    private static DeletionCase? Told(string told) => Valid($$"""{"cId":"u","case":{{told}}}""").Case;

    private static byte[] Canonical(string told) => Valid($$"""{"cId":"u","case":{{told}}}""").Canonical;

    private static ParsedBody.Valid Valid(string body) => Assert.IsType<ParsedBody.Valid>(Parse(body));

    private static IReadOnlyList<string> Problems(string body) => Assert.IsType<ParsedBody.Invalid>(Parse(body)).Problems;

    private static ParsedBody Parse(string body) => DeletionRequestParser.Parse(Encoding.UTF8.GetBytes(body), s_now);
}
