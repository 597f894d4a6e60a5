using Microsoft.AspNetCore.Http.Features;

namespace Ledger.Http;

/// <summary>The bot and the job that a path names.</summary>
internal static class BotPath
{
    public const string Deletions = "/api/public/bot/{botId}/conversations/delete";

    /// <summary>
    /// The path's bot id, percent-decoded exactly once, or "" where that cannot be done. Kestrel leaves <c>%2F</c> as it is and turns
    /// <c>%252F</c> into the same, so a value with a percent sign is read from the request line again.
    /// </summary>
    public static string BotId(HttpContext context) => Segment(context, "botId", 4);

    /// <summary>The same for another path.</summary>
    /// <param name="name">The route's name for it.</param>
    /// <param name="position">Its place among the path's segments, from 1.</param>
    public static string Segment(HttpContext context, string name, int position)
    {
        var routed = (string?)context.Request.RouteValues[name] ?? "";
        if (!routed.Contains('%'))
            return routed;
        var segments = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?', 2)[0].Split('/');
        return segments.Length > position && segments[0].Length == 0 ? Uri.UnescapeDataString(segments[position]) : "";
    }

    /// <summary>As <see cref="BotId"/>; null for a path that is about all bots.</summary>
    public static string? BotIdOrAll(HttpContext context) => context.Request.RouteValues.ContainsKey("botId") ? BotId(context) : null;

    public static string JobId(HttpContext context) => (string?)context.Request.RouteValues["jobId"] ?? "";

    /// <summary>The status URL's path.</summary>
    public static string Status(string botId, Contracts.Jobs.JobId job) => $"/api/public/bot/{Uri.EscapeDataString(botId)}/conversations/delete/{job}";
}
