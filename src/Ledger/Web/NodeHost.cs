using System.Text;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Net.Http.Headers;

namespace Ledger.Web;

/// <summary>The web host of a node and of a witness, before anything is added to it.</summary>
/// <remarks>
/// Only the options decide. The framework's defaults would also read appsettings.json of the current folder and every variable of the
/// environment (Kestrel__Endpoints__…, Logging__…, ASPNETCORE_URLS), and would watch that folder for changes.
/// </remarks>
internal static class NodeHost
{
    private static readonly DigitsAlone s_contentLength = new();

    /// <param name="urls">The addresses to listen on, separated by semicolons.</param>
    /// <param name="least">The lowest level that is logged.</param>
    public static WebApplicationBuilder Create(string urls, LogLevel least)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = name => name == HeaderNames.ContentLength ? s_contentLength : null;
        });
        builder.Services.AddRouting();
        builder.Logging.SetMinimumLevel(least).AddSimpleConsole(console => (console.SingleLine, console.IncludeScopes) = (true, true));
        builder.Services.AddSingleton<IExternalScopeProvider, RequestScopes>();
        // Standard output is for what a script asked for.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder;
    }

    /// <summary>
    /// Reads Content-Length as digits and nothing else (RFC 9110, section 8.6). Kestrel up to 10.0.12 takes a sign too. A server in front
    /// may read such a length in another way, and then sees another request behind it than Kestrel does.
    /// </summary>
    private sealed class DigitsAlone : ASCIIEncoding
    {
        /// <summary>Number of digits of <see cref="long.MaxValue"/>.</summary>
        private const int Longest = 19;

        /// <summary>Turns a text that is no length into a text that Kestrel refuses with 400.</summary>
        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            if (bytes.Length <= Longest && !bytes.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
                return base.GetChars(bytes, chars);
            chars[0] = '-';
            return 1;
        }
    }
}
