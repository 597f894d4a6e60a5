using Ledger.Registry;

namespace Ledger.Tests.Notifications;

public sealed class SmtpAddressTests
{
    private static readonly string s_long = new('a', 64);

    public static TheoryData<string, string> Good() => new()
    {
        { "owner@example.com", "owner@example.com" },
        { "Owner <o.w-n_e+r!#$%&'*/=?^`{|}~@example.com>", "o.w-n_e+r!#$%&'*/=?^`{|}~@example.com" },
        { "owner@localhost", "owner@localhost" },
        { "owner@b\u00fccher.example", "owner@xn--bcher-kva.example" },
        { "owner@B\u00dcCHER.example", "owner@xn--bcher-kva.example" },
        { "owner@xn--bcher-kva.example", "owner@xn--bcher-kva.example" },
        { "owner@[192.0.2.7]", "owner@[192.0.2.7]" },
        { "owner@[IPv6:2001:db8::7]", "owner@[IPv6:2001:db8::7]" },
        { $"{s_long}@{s_long[..63]}.example", $"{s_long}@{s_long[..63]}.example" },
        { $"{s_long}@{Domain(189)}", $"{s_long}@{Domain(189)}" },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void An_address_is_read_as_SMTP_carries_it(string text, string address) => Assert.Equal((address, null), SmtpAddress.Read(text));

    public static TheoryData<string, string> Bad() => new()
    {
        { "", "must be like owner@example.com" },
        { "owner", "must be like owner@example.com" },
        { "owner@", "must be like owner@example.com" },
        { "@example.com", "must be like owner@example.com" },
        { "owner@example.com\r\nBcc: x@example.com", "must be like owner@example.com" },
        { "m\u00fcller@example.org", "(SMTPUTF8)" },
        { "\"a b\"@example.org", "without quotes" },
        { "\"owner\"@example.org", "without quotes" },
        { "a..b@example.org", "" },
        { ".a@example.org", "" },
        { "a.@example.org", "" },
        { $"{s_long}a@example.org", "more than 64 characters before the @" },
        { $"owner@{s_long}.example", "the domain must be like example.com" },
        { $"owner@{new string('\u00fc', 63)}.example", "the domain must be like example.com" },
        { $"{s_long}@{Domain(190)}", "more than 254 characters" },
        { "owner@-example.org", "the domain must be like example.com" },
        { "owner@example-.org", "the domain must be like example.com" },
        { "owner@ex_ample.org", "the domain must be like example.com" },
        { "owner@example..org", "" },
        { "owner@example.org.", "" },
        { "owner@192.0.2.7", "the domain must be like example.com" },
        { "owner@-", "the domain must be like example.com" },
        { "owner@[192.0.2]", "the domain must be like example.com" },
        { "owner@[mail]", "the domain must be like example.com" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void An_address_that_no_mail_can_reach_is_refused_with_the_reason_and_not_quoted(string text, string reason)
    {
        var (address, problem) = SmtpAddress.Read(text);
        Assert.Null(address);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
        if (!"owner@example.com".Contains(text, StringComparison.Ordinal))
            Assert.DoesNotContain(text, problem, StringComparison.Ordinal);
    }

    /// <summary>A domain of so many characters.</summary>
    private static string Domain(int length) =>
        string.Join('.', new string('a', length).Chunk(60).Select(label => new string([.. label.Skip(1), 'a'])))[..length];
}
