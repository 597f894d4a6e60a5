using System.Text;
using Ledger.Api;

namespace Ledger.Tests.Http;

/// <summary>The body of a conversation's proof: one member, and nothing guessed at.</summary>
public sealed class ConversationProofRequestTests
{
    [Theory]
    [InlineData("""{"conversationId":"c-1"}""", "c-1")]
    [InlineData(""" { "conversationId" : "a \"b\" ü" } """, "a \"b\" ü")]
    public void An_id_is_read(string body, string id)
    {
        var request = Parse(body);
        Assert.Empty(request.Problems);
        Assert.Equal(id, request.ConversationId);
        Assert.DoesNotContain(id, request.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("\uFEFF{}", "byte order mark")]
    [InlineData("{}", "conversationId is required")]
    [InlineData("[]", "the body must be a JSON object")]
    [InlineData("null", "the body must be a JSON object")]
    [InlineData("""["conversationId"]""", "the body must be a JSON object")]
    [InlineData("""{"conversationId":null}""", "conversationId must be a non-blank string")]
    [InlineData("""{"conversationId":" "}""", "conversationId must be a non-blank string")]
    [InlineData("""{"conversationId":"\ufeffc-1"}""", "conversationId must be a non-blank string")]
    [InlineData("""{"conversationId":"c-1 "}""", "conversationId must be a non-blank string")]
    [InlineData("""{"conversationId":["c-1"]}""", "conversationId must be a non-blank string")]
    [InlineData("""{"conversationId":"\ud800"}""", "conversationId must be a non-blank string")]
    [InlineData("""{"conversationId":"c-1","conversationId":"c-1"}""", "conversationId is there more than once")]
    [InlineData("""{"conversationId":"c-1","other":{"conversationId":"c-2"}}""", "member 2 is unknown")]
    [InlineData("""{"ConversationId":"c-1"}""", "member 1 is unknown")]
    [InlineData("""{"conversationId":"c-1"}{}""", "not valid JSON")]
    [InlineData("""{"conversationId":"c-1",}""", "not valid JSON")]
    [InlineData("""{"conversationId":"c-1" """, "not valid JSON")]
    public void Anything_else_is_a_problem_that_does_not_quote_it(string body, string problem)
    {
        var request = Parse(body);
        Assert.Null(request.ConversationId);
        Assert.Contains(request.Problems, told => told.Contains(problem, StringComparison.Ordinal));
        Assert.DoesNotContain(request.Problems, told => told.Contains("c-1", StringComparison.Ordinal));
    }

    [Fact]
    public void Ten_problems_are_named_and_the_rest_is_counted()
    {
        var problems = Parse("{" + string.Join(',', Enumerable.Repeat("\"a\":1", 900)) + "}").Problems;
        Assert.Equal((11, "and 890 more: mend these first"), (problems.Count, problems[^1]));
    }

    [Fact]
    public void An_id_that_is_too_long_is_a_problem() =>
        Assert.NotEmpty(Parse($$"""{"conversationId":"{{new string('x', 129)}}"}""").Problems);

    private static ConversationProofRequest Parse(string body) => ConversationProofRequest.Parse(Encoding.UTF8.GetBytes(body));
}
