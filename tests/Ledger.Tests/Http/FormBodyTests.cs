using System.Text;
using Ledger.Web;

namespace Ledger.Tests.Http;

public sealed class FormBodyTests
{
    private static readonly string[] s_names = ["token", "next"];

    [Theory]
    [InlineData("", null, null)]
    [InlineData("&&", null, null)]
    [InlineData("token", "", null)]
    [InlineData("token=", "", null)]
    [InlineData("token=a+b%20c%2B%3D%26=d&next=%C3%A4%F0%9F%98%80", "a b c+=&=d", "ä😀")]
    [InlineData("&next=x&", null, "x")]
    [InlineData("t%6Fken=a%0d%0A", "a\r\n", null)]
    [InlineData("token=\u00e4", "\u00e4", null)]
    public void A_form_is_read_as_browsers_write_it(string body, string? token, string? next)
    {
        var (fields, refusal) = FormBody.Parse(Encoding.UTF8.GetBytes(body), s_names);
        Assert.Null(refusal);
        Assert.Equal((token, next), (fields!.GetValueOrDefault("token"), fields!.GetValueOrDefault("next")));
    }

    [Theory]
    [InlineData("token=%", "damaged")]
    [InlineData("token=%4", "damaged")]
    [InlineData("token=%4g", "damaged")]
    [InlineData("token=%+4", "damaged")]
    [InlineData("%zz=a", "damaged")]
    [InlineData("token=%00", "damaged")]
    [InlineData("token=%ff", "damaged")]
    [InlineData("token=%ED%A0%80", "damaged")]
    [InlineData("token=%C3&next=%A4", "damaged")]
    [InlineData("token=a&token=a", "token more than once")]
    [InlineData("token=a&t%6fken=a", "token more than once")]
    [InlineData("Token=a", "an unknown field")]
    [InlineData("=a", "an unknown field")]
    [InlineData("id=a", "only token and next are known")]
    public void What_is_no_such_form_is_400(string body, string why)
    {
        var (fields, refusal) = FormBody.Parse(Encoding.UTF8.GetBytes(body), s_names);
        Assert.Null(fields);
        Assert.Equal(400, refusal!.Status);
        Assert.Contains(why, Assert.Single(refusal.Messages), StringComparison.Ordinal);
    }
}
