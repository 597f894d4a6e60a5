using Ledger.Web;
using Microsoft.AspNetCore.Http;

namespace Ledger.Tests.Http;

public sealed class QueryParametersTests
{
    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("?&&")]
    [InlineData("?limit=7&after=")]
    [InlineData("?li%6dit=7")]
    public void Known_parameters_are_read_and_an_empty_value_is_none(string query)
    {
        var read = Read(query);
        Assert.Empty(read.Problems);
        Assert.Null(read.Text("after"));
        Assert.Equal(query.Contains('7', StringComparison.Ordinal) ? 7 : 50, read.Number("limit", 1, 100, absent: 50));
    }

    [Theory]
    [InlineData("?limit=1&limit=", "limit is there more than once")]
    [InlineData("?Limit=1", "query parameter 1 is unknown: it is limit in another letter case")]
    [InlineData("?limit=1&LIMIT=1", "query parameter 2 is unknown: it is limit in another letter case")]
    [InlineData("?=", "query parameter 1 has no name")]
    [InlineData("?dryRun", "query parameter 1 is unknown (dryRun): only limit, after are known")]
    [InlineData("?limit=1&dry_run=1", "query parameter 2 is unknown (dry_run): only limit, after are known")]
    [InlineData("?u-1=1", "query parameter 1 is unknown: only limit, after are known")]
    [InlineData("?69eb0c87ec444445976aaaaa", "query parameter 1 is unknown: only limit, after are known")]
    [InlineData("?abcdefghijklmnopqrstuvwxyzabcdefg=1", "query parameter 1 is unknown: only limit, after are known")]
    public void What_is_wrong_is_named_and_what_could_be_an_id_is_not_quoted(string query, string problem) =>
        Assert.Equal([problem], Read(query).Problems);

    [Theory]
    [InlineData("1%00")]
    [InlineData("+1")]
    [InlineData("%201")]
    [InlineData("101")]
    [InlineData("%D9%A1")]
    [InlineData("99999999999999999999")]
    public void A_number_is_digits_and_nothing_else(string value)
    {
        var read = Read($"?limit={value}");
        Assert.Equal(50, read.Number("limit", 1, 100, absent: 50));
        Assert.Equal(["limit must be a whole number from 1 to 100"], read.Problems);
    }

    [Fact]
    public void Ten_problems_are_named_each_once_and_the_rest_is_counted()
    {
        var read = Read($"?{string.Join('&', Enumerable.Range(0, 900).Select(n => $"p{n}=1"))}");
        Assert.Equal(11, read.Problems.Count);
        Assert.Equal("and 890 more: mend these first", read.Problems[^1]);
        Assert.Single(Read("?limit=1&limit=2&limit=3").Problems);
    }

    private static QueryParameters Read(string query) =>
        new(new DefaultHttpContext { Request = { QueryString = new QueryString(query) } }.Request, "limit", "after");
}
