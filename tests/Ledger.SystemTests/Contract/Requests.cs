using System.Text;
using Alba;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ledger.SystemTests.Contract;

/// <summary>Requests as clients send them, where Alba's own words would send something tidier.</summary>
internal static class Requests
{
    /// <summary>
    /// Method, path and query. Alba's <c>Url</c> leaves a path encoded, and takes the names of query parameters in any letter case for one.
    /// </summary>
    public static Scenario Target(this Scenario scenario, string method, string target)
    {
        scenario.ConfigureHttpContext(context =>
        {
            var query = target.IndexOf('?', StringComparison.Ordinal);
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
            context.Request.Method = method;
            context.Request.Path = PathString.FromUriComponent(query < 0 ? target : target[..query]);
            context.Request.QueryString = query < 0 ? default : new QueryString(target[query..]);
        });
        return scenario;
    }

    /// <summary>A body as it is.</summary>
    /// <param name="type">Its Content-Type; null: none.</param>
    public static Scenario Sending(this Scenario scenario, string body, string? type = "application/json")
    {
        scenario.ByteArray(Encoding.UTF8.GetBytes(body));
        if (type is not null)
            scenario.WithRequestHeader("Content-Type", type);
        return scenario;
    }

    public static Scenario With(this Scenario scenario, string header, string? value)
    {
        if (value is not null)
            scenario.WithRequestHeader(header, value);
        return scenario;
    }

    /// <summary>Null: without a token.</summary>
    public static Scenario As(this Scenario scenario, string? token)
    {
        if (token is null)
            scenario.RemoveRequestHeader("auth");
        else
            scenario.WithRequestHeader("auth", token);
        return scenario;
    }
}
