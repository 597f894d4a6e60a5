using Ledger.SystemTests.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ledger.SystemTests.Audit;

/// <summary>
/// <c>ledger log export --from</c> trusts the log's server with nothing: neither to say where the token goes, nor how much memory an
/// answer takes.
/// </summary>
public sealed class HttpLogTests
{
    [Fact]
    public async Task A_redirection_is_not_followed()
    {
        var isFollowed = false;
        await using var server = await StartAsync(app =>
        {
            app.MapGet("/log/checkpoint", () => Results.Redirect("/elsewhere"));
            app.MapGet("/elsewhere", () => isFollowed = true);
        });
        var result = await ExportAsync(server);
        Assert.Contains("/log/checkpoint answered 302: redirections are not followed", result.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, result.ExitCode);
        Assert.False(isFollowed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_larger_than_any_of_a_log_is_refused(bool saysItsLength)
    {
        const int Length = 17 << 20;
        await using var server = await StartAsync(app => app.MapGet("/log/checkpoint", async context =>
        {
            if (saysItsLength)
                context.Response.ContentLength = Length;
            for (var sent = 0; sent < Length; sent += 1 << 20)
                await context.Response.Body.WriteAsync(new byte[1 << 20]);
        }));
        var result = await ExportAsync(server);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("answered more than the 16,777,472 bytes", result.Error, StringComparison.Ordinal);
    }

    private static Task<CliResult> ExportAsync(WebApplication server) =>
        CliDatabase.RunAsync([
            "log", "export", Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), "--from",
            $"{server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()}/log",
        ]);

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }
}
