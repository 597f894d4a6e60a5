using Microsoft.AspNetCore.Routing.Matching;

namespace Ledger.Web;

/// <summary>
/// The constraint <c>{jobId:job}</c>: the segment of a path that may name a job, which is any but the words that name something else. So
/// such a path knows only its own methods.
/// </summary>
internal sealed class JobSegment : IRouteConstraint, IParameterLiteralNodeMatchingPolicy
{
    public const string Name = "job";

    private static readonly string[] s_words = ["preview"];

    public bool Match(
        HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values[routeKey] is string segment && MatchesLiteral(routeKey, segment);

    public bool MatchesLiteral(string parameterName, string literal) => !s_words.Contains(literal, StringComparer.OrdinalIgnoreCase);
}
