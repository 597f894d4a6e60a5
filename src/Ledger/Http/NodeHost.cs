using Microsoft.Extensions.Logging.Console;

namespace Ledger.Http;

/// <summary>The web host of a node and of a witness, before anything is added to it.</summary>
/// <remarks>
/// Options decide alone. The framework's defaults would also read appsettings.json of the current folder and every variable of the environment
/// (Kestrel__Endpoints__…, Logging__…, ASPNETCORE_URLS), and would watch that folder for changes.
/// </remarks>
internal static class NodeHost
{
    /// <param name="urls">Where to listen, separated by semicolons.</param>
    /// <param name="least">This and worse is logged.</param>
    public static WebApplicationBuilder Create(string urls, LogLevel least)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRouting();
        builder.Logging.SetMinimumLevel(least).AddSimpleConsole(console => console.SingleLine = true);
        // Standard output is for what a script asked for.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder;
    }
}
