using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Contracts.Registry;
using Ledger.Projections.Registry;
using Ledger.Registry;
using Ledger.Web.Tokens;
using Microsoft.AspNetCore.Http;

namespace Ledger.Tests.Http;

/// <summary>Contract §4, but for what the database remembers of <c>jti</c>.</summary>
public sealed class TokenCheckTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 8, 6, 22, 56, TimeSpan.Zero);
    private static readonly byte[] s_secret = RandomNumberGenerator.GetBytes(64);
    private static readonly byte[] s_older = RandomNumberGenerator.GetBytes(64);
    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly ECDsa s_ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private const string Payload = """{"sub":"any","appId":"cs-1"}""";

    [Fact]
    public async Task The_published_payload_is_enough() => Assert.Null(await Refusal(Tokens.HS256(s_secret, Payload)));

    [Fact]
    public async Task Every_registered_algorithm_verifies()
    {
        Assert.Null(await Refusal(Tokens.HS256(s_secret, Payload), TokenAlgorithm.HS256));
        Assert.Null(await Refusal(Tokens.HS512(s_secret, Payload), TokenAlgorithm.HS512));
        Assert.Null(await Refusal(Tokens.RS256(s_rsa, Payload), TokenAlgorithm.RS256));
        Assert.Null(await Refusal(Tokens.RS512(s_rsa, Payload), TokenAlgorithm.RS512));
        Assert.Null(await Refusal(Tokens.ES256(s_ecdsa, Payload), TokenAlgorithm.ES256));
    }

    [Fact]
    public async Task Both_live_secrets_verify_and_no_other()
    {
        Assert.Null(await Refusal(Tokens.HS256(s_older, Payload)));
        Assert.Equal(TokenRefusal.BadSignature, await Refusal(Tokens.HS256(RandomNumberGenerator.GetBytes(64), Payload)));
    }

    [Fact]
    public async Task A_key_id_that_nobody_knows_changes_nothing() =>
        Assert.Null(await Refusal(Tokens.HS256(s_secret, Payload, """{"alg":"HS256","kid":"other"}""")));

    [Fact]
    public async Task Another_algorithm_than_the_registered_is_refused_even_with_the_right_key()
    {
        Assert.Equal(TokenRefusal.WrongAlgorithm, await Refusal(Tokens.HS512(s_secret, Payload), TokenAlgorithm.HS256));
        Assert.Equal(TokenRefusal.WrongAlgorithm, await Refusal(Tokens.RS512(s_rsa, Payload), TokenAlgorithm.RS256));
    }

    [Fact]
    public async Task A_public_key_is_no_secret() =>
        Assert.Equal(
            TokenRefusal.WrongAlgorithm,
            await Refusal(Tokens.HS256(Encoding.ASCII.GetBytes(s_rsa.ExportSubjectPublicKeyInfoPem()), Payload), TokenAlgorithm.RS256));

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("hs256")]
    public async Task None_never_works_and_names_are_exact(string algorithm)
    {
        var unsigned = Tokens.Sign(algorithm, Payload, _ => []);
        Assert.True(Refused(await Refusal(unsigned)));
        Assert.True(Refused(await Refusal(Tokens.Sign(algorithm, Payload, signed => HMACSHA256.HashData(s_secret, signed)))));
    }

    [Theory]
    [InlineData("""{"appId":"cs-2"}""", TokenRefusal.UnknownClient)]
    [InlineData("""{"appid":"cs-1"}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":7}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":["cs-1"]}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":"cs-1","appId":"cs-1"}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":"\ud800"}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":"cs-1","exp":"2099-01-01"}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":"cs-1","exp":null}""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":"cs-1","jti":5}""", TokenRefusal.Malformed)]
    [InlineData("""["appId","cs-1"]""", TokenRefusal.Malformed)]
    [InlineData("""{"appId":"cs-1"}{}""", TokenRefusal.Malformed)]
    [InlineData("", TokenRefusal.Malformed)]
    public async Task The_claim_appId_names_the_client_exactly(string payload, TokenRefusal refusal) =>
        Assert.Equal(refusal, await Refusal(Tokens.HS256(s_secret, payload)));

    [Theory]
    [InlineData("exp", 0, null)]
    [InlineData("exp", -59, null)]
    [InlineData("exp", -60, TokenRefusal.Expired)]
    [InlineData("nbf", 60, null)]
    [InlineData("nbf", 61, TokenRefusal.NotYetValid)]
    [InlineData("iat", 60, null)]
    [InlineData("iat", 61, TokenRefusal.IssuedInTheFuture)]
    [InlineData("iat", -1_000_000, null)]
    public async Task Lifetimes_are_honoured_with_a_minutes_skew(string claim, int secondsFromNow, TokenRefusal? refusal) =>
        Assert.Equal(refusal, await Refusal(Tokens.HS256(s_secret, $$"""{"appId":"cs-1","{{claim}}":{{Seconds(secondsFromNow)}}}""")));

    [Theory]
    [InlineData("9999999999", null)]
    [InlineData("1.5", TokenRefusal.Expired)]
    [InlineData("-1e3", TokenRefusal.Expired)]
    [InlineData("1e999", TokenRefusal.Malformed)]
    [InlineData("99999999999999999999999999", TokenRefusal.Malformed)]
    public async Task An_instant_is_a_number_of_seconds_that_a_calendar_has(string exp, TokenRefusal? refusal) =>
        Assert.Equal(refusal, await Refusal(Tokens.HS256(s_secret, $$"""{"appId":"cs-1","exp":{{exp}}}""")));

    [Fact]
    public async Task Expiry_is_optional_unless_required()
    {
        Assert.Equal(TokenRefusal.NoExpiry, await Refusal(Tokens.HS256(s_secret, Payload), requireExpiry: true));
        Assert.Null(await Refusal(Tokens.HS256(s_secret, $$"""{"appId":"cs-1","exp":{{Seconds(600)}}}"""), requireExpiry: true));
    }

    [Fact]
    public async Task With_jti_the_expiry_is_at_most_an_hour_away()
    {
        Assert.Equal(TokenRefusal.JtiOutlivesMemory, await Refusal(Tokens.HS256(s_secret, """{"appId":"cs-1","jti":"x"}""")));
        Assert.Equal(
            TokenRefusal.JtiOutlivesMemory,
            await Refusal(Tokens.HS256(s_secret, $$"""{"appId":"cs-1","jti":"x","exp":{{Seconds(3661)}}}"""))
        );
        Assert.Null(await Refusal(Tokens.HS256(s_secret, $$"""{"appId":"cs-1","jti":"x","exp":{{Seconds(3660)}}}""")));
    }

    [Fact]
    public async Task The_bot_must_be_known_and_the_clients()
    {
        var token = Tokens.HS256(s_secret, Payload);
        Assert.Equal(TokenRefusal.UnknownBot, await Refusal(token, bot: "st-unknown"));
        Assert.Equal(TokenRefusal.NotGranted, await Refusal(token, bot: "st-other"));
        Assert.Equal(TokenRefusal.RevokedClient, await Refusal(token, revoked: true));
    }

    [Fact]
    public async Task An_extension_that_must_be_understood_is_refused() =>
        Assert.Equal(
            TokenRefusal.Malformed,
            await Refusal(Tokens.HS256(s_secret, Payload, """{"alg":"HS256","crit":["b64"],"b64":false}"""))
        );

    [Fact]
    public async Task Every_changed_character_of_a_token_is_refused()
    {
        var token = Tokens.HS256(s_secret, Payload);
        var signature = token.LastIndexOf('.');
        for (var i = 0; i < token.Length - 1; i++) // the last character's low bits are padding
        {
            var changed = token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            Assert.True(Refused(await Refusal(new string(changed))), $"changed at {i} of {token.Length} (signature from {signature})");
        }
    }

    [Fact]
    public void Whatever_a_token_is_reading_it_never_throws() => Prop.ForAll<string>(text =>
    {
        PresentedToken.Parse(text ?? "");
        var payload = System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text ?? ""));
        PresentedToken.Parse($"{payload}.{payload}.{payload}");
        PresentedToken.Parse($"eyJhbGciOiJIUzI1NiJ9.{payload}.AAAA");
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true));

    [Fact]
    public void The_header_auth_wins_over_authorization()
    {
        var (first, second) = (Tokens.HS256(s_secret, Payload), Tokens.HS256(s_older, Payload));
        Assert.Equal(first, Read(("auth", [first])).Token!.Jwt.EncodedToken);
        Assert.Equal(first, Read(("Authorization", ["bearer  " + first])).Token!.Jwt.EncodedToken);
        Assert.Equal(first, Read(("auth", [first]), ("Authorization", ["Bearer " + second])).Token!.Jwt.EncodedToken);
        Assert.Equal(TokenRefusal.NoToken, Read(("auth", [""]), ("Authorization", ["Bearer " + second])).Refusal);
        Assert.Equal(TokenRefusal.Malformed, Read(("auth", ["Bearer " + first])).Refusal);
        Assert.Equal(TokenRefusal.NoToken, Read(("Authorization", [first])).Refusal);
        Assert.Equal(TokenRefusal.NoToken, Read().Refusal);
        Assert.Equal(TokenRefusal.SeveralTokens, Read(("auth", [first, first])).Refusal);
        Assert.Equal(TokenRefusal.TooLong, Read(("auth", [first + new string('A', 8192)])).Refusal);
    }

    private static (PresentedToken? Token, TokenRefusal? Refusal) Read(params (string Name, string[] Values)[] headers)
    {
        var sent = new HeaderDictionary();
        foreach (var (name, values) in headers)
            sent[name] = values;
        return PresentedToken.Read(sent);
    }

    private static long Seconds(int fromNow) => s_now.ToUnixTimeSeconds() + fromNow;

    [Fact]
    public async Task The_secret_that_signed_is_told_whatever_the_token_says_of_its_key()
    {
        const string payload = """{"appId":"cs-1"}""";
        foreach (var (secret, id) in new[] { (s_older, "one"), (s_secret, "two") })
        {
            foreach (var header in new[] { null, """{"alg":"HS256","kid":"one"}""", """{"alg":"HS256","kid":"two"}""" })
                Assert.Equal(id, await SignedWithAsync(TokenAlgorithm.HS256, Tokens.HS256(secret, payload, header)));
        }
        Assert.Null(await SignedWithAsync(TokenAlgorithm.ES256, Tokens.ES256(s_ecdsa, payload)));

        static async Task<string?> SignedWithAsync(TokenAlgorithm algorithm, string token)
        {
            var presented = PresentedToken.Parse(token)!;
            var registry = Registry(algorithm, requireExpiry: false, revoked: false);
            var (bot, secret, refusal) = await TokenCheck.CheckAsync(presented, "st-1", registry, s_now);
            Assert.Equal(("st-1", null), (bot?.BotId, refusal));
            return secret;
        }
    }

    private static bool Refused(TokenRefusal? refusal) => refusal is not null;

    private static async Task<TokenRefusal?> Refusal(
        string token, TokenAlgorithm algorithm = TokenAlgorithm.HS256, bool requireExpiry = false, string bot = "st-1",
        bool revoked = false)
    {
        if (PresentedToken.Parse(token) is not { } presented)
            return TokenRefusal.Malformed;
        return (await TokenCheck.CheckAsync(presented, bot, Registry(algorithm, requireExpiry, revoked), s_now)).Refusal;
    }

    private static RegistrySnapshot Registry(TokenAlgorithm algorithm, bool requireExpiry, bool revoked)
    {
        var key = algorithm switch
        {
            TokenAlgorithm.RS256 or TokenAlgorithm.RS512 => s_rsa.ExportSubjectPublicKeyInfoPem(),
            TokenAlgorithm.ES256 => s_ecdsa.ExportSubjectPublicKeyInfoPem(),
            _ => null,
        };
        var client = new ApiClient("cs-1", algorithm, key, requireExpiry, ["one", "two"], revoked);
        LiveSecret[] secrets = key is null ? [new LiveSecret("one", s_older), new LiveSecret("two", s_secret)] : [];
        return new RegistrySnapshot(0, 1,
            new Dictionary<string, Bot> { ["st-1"] = Bot("st-1", "cs-1"), ["st-other"] = Bot("st-other", "cs-9") },
            new Dictionary<string, ClientEntry> { ["cs-1"] = new(client, secrets) },
            new Dictionary<string, DeletionWindow>());
    }

    private static Bot Bot(string id, string client) =>
        new(id, null, s_now, null, "off-peak", new Dictionary<string, IReadOnlyList<Scope>> { [client] = [Scope.DeleteConversations] });
}
