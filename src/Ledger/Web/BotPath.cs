namespace Ledger.Web;

/// <summary>The bot and the job that a path names.</summary>
internal static class BotPath
{
    public const string Deletions = "/api/public/bot/{botId}/conversations/delete";

    public const string LegalHolds = "/api/public/bot/{botId}/legal-holds";

    /// <summary>The path's bot id, percent-decoded exactly once.</summary>
    public static string BotId(HttpContext context) => Segment(context, "botId");

    /// <summary>Another part of a path, decoded in the same way. It decodes what <see cref="RequestTarget"/> left encoded.</summary>
    /// <param name="name">The route's name for it.</param>
    public static string Segment(HttpContext context, string name) =>
        Uri.UnescapeDataString((string?)context.Request.RouteValues[name] ?? "");

    /// <summary>The path's bot id, as in <see cref="BotId"/>. Null for a path that is about all bots.</summary>
    public static string? BotIdOrAll(HttpContext context) => context.Request.RouteValues.ContainsKey("botId") ? BotId(context) : null;

    public static string HoldId(HttpContext context) => (string?)context.Request.RouteValues["holdId"] ?? "";

    public static string JobId(HttpContext context) => (string?)context.Request.RouteValues["jobId"] ?? "";
}
