using Ledger.Contracts;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api.Reference;

/// <summary>A way in which an operation refuses or fails. Its example is made from the very answer that is sent.</summary>
/// <param name="Name">The name of the example, in a few words.</param>
/// <param name="When">The case in which it is sent, in a sentence.</param>
/// <param name="Answer">The answer that is sent.</param>
internal sealed record Refused(string Name, string When, ErrorAnswer Answer)
{
    public static IReadOnlyList<Refused> ByToken { get; } =
    [
        new(
            "invalid token",
            "There is no token, or it is not valid, or its client has no grant for this bot. The message is always the same.",
            TokenAuthentication.Unauthorized(null)),
        new(
            "jti without a near expiry", "The token has a `jti`, and its `exp` is more than an hour away.",
            TokenAuthentication.Unauthorized(TokenRefusal.JtiOutlivesMemory)),
        new("jti used before", "The token has a `jti` that was used before.", TokenAuthentication.Unauthorized(TokenRefusal.Replayed)),
    ];

    public static Refused ByScope { get; } =
        new("scope not granted", "The client's grant for the bot lacks the scope.", TokenAuthentication.Forbidden);

    public static Refused ByMethod { get; } =
        new("wrong method", "The path does not know the method; `Allow` names those it knows.", Errors.ForStatus(405, "GET, POST"));

    public static IReadOnlyList<Refused> ByDatabase { get; } =
    [
        new("internal error", "Something failed that should not. Nothing was recorded; the service's own log says more.", Errors.Internal),
        new("database unreachable", "The database cannot be reached. Nothing was recorded.", Errors.Unreachable),
    ];

    public static Refused UnknownJob { get; } = new("unknown job", "There is no such job, or it is another bot's.", Refusals.UnknownJob);

    public static Refused TooManySubmits { get; } =
        new(
            "over the limit",
            "More submissions for the bot than its limit admits: 60 a minute and 1,800 an hour, unless the operator says otherwise.",
            Refusals.TooMany(42));

    public static Refused TooManyPolls { get; } =
        new(
            "over the limit",
            "More requests for the job than its limit admits: 60 a minute and 1,800 an hour, unless the operator says otherwise.",
            Refusals.TooMany(42));

    public static IReadOnlyList<Refused> ByBody { get; } =
    [
        new("body too large", $"The body is over {Limits.BodyBytes / 1024} KiB.", Refusals.BodyTooLarge),
        new(
            "not JSON", "The `Content-Type` is not `application/json`, names another charset than UTF-8, or the body is compressed.",
            Refusals.NotJson),
    ];

    /// <summary>The refusal after a lost race to record that identifiers are handed out. That record comes first.</summary>
    public static Refused LostRace { get; } =
        new("lost race", "Others recorded something of the bot's at the same moment, several times over.", Errors.LostRace);

    public static Refused LogUnavailable { get; } =
        new("log damaged", "The log cannot be served; `/health/ready` says why.", Errors.LogUnavailable);

    /// <summary>A broken rule of the query.</summary>
    /// <param name="message">The message for it.</param>
    public static Refused ByQuery(string message) =>
        new("bad parameter",
            $"A query parameter is unknown, is there twice or breaks its rule: "
            + $"one entry each, at most {ProblemList.Named}; one more counts the rest.",
            new ErrorAnswer(400, message));
}
