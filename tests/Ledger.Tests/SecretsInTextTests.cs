using Ledger.Api;
using Ledger.Database.Embedded;
using Ledger.Hosting;
using Ledger.Jobs.Cases;
using Ledger.Jobs;
using Ledger.Keys;
using Ledger.Notifications.Mail;
using Ledger.Notifications;
using Ledger.Projections.Status;
using Ledger.Web.Tokens;

namespace Ledger.Tests;

/// <summary>A record's generated text has all of its members in it, and ends in a log sooner or later.</summary>
public sealed class SecretsInTextTests
{
    private const string Secret = "pw-5e966499";

    public static TheoryData<object> Holders()
    {
        var claims = new TokenClaims(Secret, Secret, null, null, null);
        return
        [
            new ServiceSettings
            {
                Connection = $"Password={Secret}",
                Keys = (KeyFolder)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(KeyFolder)),
            },
            claims,
            new PresentedToken(
                new Microsoft.IdentityModel.JsonWebTokens.JsonWebToken("""{"alg":"HS256"}""", $$"""{"appId":"{{Secret}}"}"""),
                claims
            ),
            new Submission(null!, null!, "cs-1", new DeletionRequest.ByChannelUser(Secret, null, default), Secret, []),
            new DeletionCase(Secret, null, null, null),
            new SealedRequest(null, Secret, null, null, Secret),
            new ShownCase(Secret, null, null, null),
            new SentDate(Secret, Secret),
            new DisclosedIdentifiers { CId = Secret, ConversationIds = [Secret], ConversationId = Secret },
            new ClusterState(1, Secret),
            new SmtpServer("mail.example.com", 587, MailKit.Security.SecureSocketOptions.StartTls, "ada", Secret),
            new Notification(default, default, Secret, Secret, Secret, 1, null!, null),
        ];
    }

    [Theory]
    [MemberData(nameof(Holders), DisableDiscoveryEnumeration = true)]
    public void The_text_of_what_holds_a_secret_has_none_of_its_members(object holder)
    {
        Assert.DoesNotContain(Secret, holder.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("{", holder.ToString(), StringComparison.Ordinal);
    }
}
