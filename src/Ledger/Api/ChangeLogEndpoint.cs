using System.Globalization;
using System.Text.Json;
using Ledger.Api.Reference;
using Ledger.Contracts.Registry;
using Ledger.Log.ChangeLogs;
using Ledger.Projections.ChangeLog;
using Ledger.Web;
using Ledger.Web.Tokens;

namespace Ledger.Api;

/// <summary>
/// <c>GET /api/public/bot/{botId}/changelogs?offset&amp;limit&amp;startDate&amp;endDate&amp;fetchAfter</c>: the bot's change log, oldest
/// entry first (contract §3).
/// </summary>
internal static class ChangeLogEndpoint
{
    internal const int MaximumLimit = 50;

    internal static readonly ErrorAnswer UnknownEntry = new(400, "fetchAfter must be the _id of an entry of this bot's change log");

    public static void Map(IEndpointRouteBuilder app) => app.MapGet("/api/public/bot/{botId}/changelogs", ListAsync)
        .RequireAuthorization(ScopeRequirement.OneOf(Scope.LogsHistory))
        .WithName("listChangeLogs")
        .Describe(HistoryOperations.ChangeLog);

    private static async Task<IResult> ListAsync(HttpContext context, ChangeLog log)
    {
        var bot = Caller.Of(context).Bot.BotId;
        var query = new QueryParameters(context.Request, "offset", "limit", "startDate", "endDate", "fetchAfter");
        var limit = (int)query.Number("limit", 1, MaximumLimit, absent: MaximumLimit);
        var offset = query.Number("offset", 0, int.MaxValue, absent: 0);
        var (start, end) = (Day(query, "startDate"), Day(query, "endDate"));
        if (start > end)
            query.Add("startDate must not be after endDate");
        var fetchAfter = query.Text("fetchAfter");
        if (fetchAfter is not null && query.Text("offset") is not null)
            query.Add("fetchAfter and offset are two ways to page: leave one out");
        if (query.Problems.Count > 0)
            return query.Refusal();

        var after = fetchAfter is null ? -1 : await PositionAsync(log, bot, fetchAfter, context.RequestAborted);
        if (after is null)
            return UnknownEntry;
        var page = new ChangeLogPage(
            after.Value, At(start) ?? DateTimeOffset.MinValue,
            (end < DateOnly.MaxValue ? At(end?.AddDays(1)) : null) ?? DateTimeOffset.MaxValue, limit, offset * limit);
        var entries = await log.PageAsync(bot, page, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(
            JsonSerializer.SerializeToUtf8Bytes(entries, ChangeLogJson.Readable.IReadOnlyListChangeLogEntry), "application/json");
    }

    private static async Task<long?> PositionAsync(ChangeLog log, string bot, string fetchAfter, CancellationToken cancel) =>
        fetchAfter.StartsWith(ChangeLogShape.IdPrefix, StringComparison.Ordinal)
        && Guid.TryParseExact(fetchAfter.AsSpan(ChangeLogShape.IdPrefix.Length), "D", out var entry)
            ? await log.PositionAsync(bot, entry, cancel)
            : null;

    /// <summary>A day in UTC.</summary>
    private static DateOnly? Day(QueryParameters query, string name)
    {
        if (query.Text(name) is not { } text)
            return null;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        query.Add($"{name} must be a date such as 2026-05-04: a day of UTC, inclusive");
        return null;
    }

    private static DateTimeOffset? At(DateOnly? day) => day is { } date ? new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero) : null;
}
