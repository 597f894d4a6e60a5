using Ledger.Contracts.Registry;
using Ledger.Notifications;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Pages;

/// <summary>Mails and webhook messages about ended jobs.</summary>
/// <param name="Viewer">The client that is signed in.</param>
/// <param name="Page">The messages of the viewer's bots.</param>
/// <param name="DeadLetters">Other messages that the service gave up, on the first page. They belong to no bot.</param>
/// <param name="UndeliveredOnly">True if only messages that are not sent are shown.</param>
/// <param name="IsFirst">True on the first page.</param>
/// <param name="Retried">True if a message was just asked to be sent again, and will be. False if there was nothing to send.</param>
public sealed record MessagesContent(
    string Viewer, DeliveryPage Page, IReadOnlyList<DeadLetter> DeadLetters, bool UndeliveredOnly, bool IsFirst, bool? Retried);

/// <summary><c>/messages</c>; <c>POST /messages/retry</c> with <c>id</c> sends one again.</summary>
internal static class MessagesPage
{
    private const int Limit = 25;

    private static readonly string[] s_fields = ["id"];
    private static readonly ErrorAnswer s_noMessage = new(400, "the form names no message");

    public static void Map(RouteGroupBuilder pages)
    {
        pages.MapGet("/messages", ShowAsync);
        pages.MapPost("/messages/retry", RetryAsync);
    }

    private static async Task<IResult> ShowAsync(HttpContext context, Html html, DeliveryReader reader, DeadLetters deadLetters)
    {
        if (BotsOf(context) is not { Length: > 0 } bots)
            return await ErrorPages.MissingScopeAsync(html, context, bot: null, Scope.LedgerAudit);
        var query = new QueryParameters(context.Request, "show", "after", "retried");
        var undelivered = query.OneOf("show", "undelivered", "all") == "undelivered";
        var retried = query.OneOf("retried", "yes", "no");
        var after = Guid.TryParseExact(query.Text("after"), "D", out var id) ? id : (Guid?)null;
        if (after is null && query.Text("after") is not null)
            query.Add("after must be what a link to the next page has");
        if (query.Problems.Count > 0)
            return await ErrorPages.MalformedAsync(html, context, query.Problems);
        var page = await reader.ListAsync(bots, undelivered, Limit, after, context.RequestAborted);
        IReadOnlyList<DeadLetter> dead = after is null ? await deadLetters.ListAsync(Limit, context.RequestAborted) : [];
        var content = new MessagesContent(
            Caller.Of(context).ClientId, page, dead, undelivered, after is null, retried is null ? null : retried == "yes");
        return await html.PageAsync<Messages>(context, new Dictionary<string, object?> { [nameof(Messages.Content)] = content });
    }

    /// <summary>Begins a delivery again, at once. For another bot's message it changes nothing and reveals nothing.</summary>
    private static async Task<IResult> RetryAsync(HttpContext context, Html html, DeliveryReplay replay)
    {
        if (BotsOf(context) is not { Length: > 0 } bots)
            return await ErrorPages.MissingScopeAsync(html, context, bot: null, Scope.LedgerAudit);
        var (form, malformed) = await FormBody.ReadAsync(context.Request, s_fields, context.RequestAborted);
        if (form is null || !Guid.TryParseExact(form.GetValueOrDefault("id"), "D", out var id))
            return await ErrorPages.FormAsync(html, context, malformed ?? s_noMessage);
        var count = await replay.ReplayAsync([id], bots, Caller.Of(context).ClientId, context.RequestAborted);
        return new SeeOther($"/messages?retried={(count > 0 ? "yes" : "no")}");
    }

    private static string[] BotsOf(HttpContext context) => [.. Caller.Of(context).BotsWith(Scope.LedgerAudit).Select(bot => bot.BotId)];
}
