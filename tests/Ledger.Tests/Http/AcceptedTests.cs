using Ledger.Api;
using Microsoft.AspNetCore.Http;

namespace Ledger.Tests.Http;

public sealed class AcceptedTests
{
    [Theory]
    [InlineData(null, "text/html")]
    [InlineData("", "text/html")]
    [InlineData("*/*", "text/html")]
    [InlineData("APPLICATION/PDF", "application/pdf")]
    [InlineData("application/*", "application/json")]
    [InlineData("application/pdf, application/json", "application/json")] // no preference of the client's: ours
    [InlineData("application/pdf;q=0.9, application/json;q=0.8", "application/pdf")]
    [InlineData("*/*;q=0.1, application/pdf", "application/pdf")]
    [InlineData("application/*, application/json;q=0.1", "application/pdf")] // the more specific range counts
    [InlineData("text/html;q=0, */*;q=0.5", "application/json")]
    [InlineData("text/plain", null)]
    [InlineData("*/*;q=0", null)]
    [InlineData("text/html;level=1", "text/html")]
    [InlineData("not a type", "text/html")]
    public void The_form_is_the_one_of_the_highest_quality(string? accept, string? form)
    {
        var context = new DefaultHttpContext();
        if (accept is not null)
            context.Request.Headers.Accept = accept;
        Assert.Equal(form, Accepted.Of(context.Request, "text/html", "application/json", "application/pdf"));
    }
}
