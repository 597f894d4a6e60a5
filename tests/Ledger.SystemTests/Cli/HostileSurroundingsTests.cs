using System.Net.Sockets;
using Ledger.Cli;
using Ledger.Database.Embedded;

namespace Ledger.SystemTests.Cli;

/// <summary>Options decide alone: neither files that happen to lie there nor variables of the environment, and no proxy sees what stays here.</summary>
public sealed class HostileSurroundingsTests
{
    [SkippableFact]
    public async Task Neither_the_current_folder_nor_the_environment_configures_the_service_and_no_proxy_is_asked()
    {
        Requires.That(OperatingSystem.IsLinux(), "Linux's /proc");
        await using var cli = await CliDatabase.CreateAsync();
        await cli.DoAsync("bot", "add", "st-1", "--created", "2024-03-01");
        await cli.DoAsync("client", "add", "cs-1", "--bot", "st-1", "--scope", "delete-conversations", "--scope", "ledger-audit");
        var token = (await cli.DoAsync("token", "--client", "cs-1")).Trim();
        using var proxy = new TcpListener(System.Net.IPAddress.Loopback, 0);
        proxy.Start();
        int[] others = [LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free()];
        var folder = await HostileFolderAsync(cli.Folder, others);
        var environment = Hostile(others, $"http://{proxy.LocalEndpoint}", token);

        using var serve = LedgerProcess.StartIn(
            folder, environment, "serve", "--connection", cli.Service, "--keys", cli.Keys, "--urls", "http://127.0.0.1:0");
        var address = await serve.LineAsync("Listening on ");
        Assert.Single(serve.Output.Split('\n'), line => line.StartsWith("Listening on ", StringComparison.Ordinal));
        foreach (var port in others)
            Assert.True(LoopbackPort.IsFree(port), $"the service listens on {port}");
        Assert.DoesNotContain(serve.OpenFiles(), file => file.Contains("inotify", StringComparison.Ordinal));

        var ids = await cli.FileAsync("conv-1\n");
        using var submit = LedgerProcess.StartIn(folder, environment, "submit", "--bot", "st-1", "--ids", ids, "--url", address);
        Assert.True(await submit.ExitCodeAsync() == ExitCodes.Done, submit.Error);
        await PublishedAsync(address);
        using var export = LedgerProcess.StartIn(folder, environment, "log", "export", Path.Combine(cli.Folder, "mirror"), "--from", $"{address}/log");
        Assert.True(await export.ExitCodeAsync() == ExitCodes.Done, export.Error);
        Assert.False(proxy.Pending(), "a call for this machine went to the proxy");
        // The level that the file and the variable ask for would have silenced this.
        Assert.Contains("Mail is not configured", serve.Output + serve.Error, StringComparison.Ordinal);
        serve.Terminate();
        Assert.Equal(0, await serve.ExitCodeAsync());
    }

    [SkippableFact]
    public async Task A_token_goes_to_another_machine_over_http_only_where_that_is_asked_for()
    {
        await using var cli = await CliDatabase.CreateAsync();
        var (ids, token) = (await cli.FileAsync("conv-1\n"), await cli.FileAsync("a.b.c\n"));
        string[] submit = ["submit", "--bot", "st-1", "--ids", ids, "--token-file", token, "--url", "http://ledger.invalid"];

        var refused = await CliDatabase.RunAsync(submit);
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("--allow-http", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("conv-1", refused.Error, StringComparison.Ordinal);
        var asked = await CliDatabase.RunAsync([.. submit, "--allow-http"]);
        Assert.Equal(1, asked.ExitCode);
        Assert.DoesNotContain("--allow-http", asked.Error, StringComparison.Ordinal);
    }

    private static async Task<string> HostileFolderAsync(string within, int[] ports)
    {
        var folder = Directory.CreateDirectory(Path.Combine(within, "hostile")).FullName;
        var settings = $$"""
            { "urls": "http://127.0.0.1:{{ports[0]}}",
              "Kestrel": { "Endpoints": { "Other": { "Url": "http://127.0.0.1:{{ports[1]}}" } } },
              "Logging": { "LogLevel": { "Default": "None" } } }
            """;
        foreach (var name in new[] { "appsettings.json", "appsettings.Production.json", "appsettings.Development.json" })
            await File.WriteAllTextAsync(Path.Combine(folder, name), settings);
        return folder;
    }

    private static Dictionary<string, string> Hostile(int[] ports, string proxy, string token)
    {
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{ports[0]}",
            ["DOTNET_URLS"] = $"http://127.0.0.1:{ports[0]}",
            ["Kestrel__Endpoints__Another__Url"] = $"http://127.0.0.1:{ports[2]}",
            ["Logging__LogLevel__Default"] = "None",
            ["LEDGER_TOKEN"] = token,
            ["NO_PROXY"] = "",
            ["no_proxy"] = "",
        };
        foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy" })
            environment[name] = proxy;
        return environment;
    }

    private static async Task PublishedAsync(string address)
    {
        using var http = new HttpClient();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!(await http.GetAsync($"{address}/log/checkpoint", deadline.Token)).IsSuccessStatusCode)
            await ticks.WaitForNextTickAsync(deadline.Token);
    }
}
