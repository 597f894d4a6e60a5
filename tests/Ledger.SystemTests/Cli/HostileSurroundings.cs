using System.Net;
using System.Net.Sockets;
using Ledger.Database.Embedded;

namespace Ledger.SystemTests.Cli;

/// <summary>A folder and an environment that would configure the ledger, if it let them, and a proxy that nothing must go to.</summary>
internal sealed class HostileSurroundings : IDisposable
{
    private readonly TcpListener _proxy = new(IPAddress.Loopback, 0);
    private readonly int[] _ports = [LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free(), LoopbackPort.Free()];

    private HostileSurroundings(string folder)
    {
        Folder = folder;
        _proxy.Start();
        // What the framework's defaults would take from the environment.
        foreach (var prefix in new[] { "", "ASPNETCORE_", "DOTNET_" })
        {
            Environment[$"{prefix}URLS"] = $"http://127.0.0.1:{_ports[0]}";
            Environment[$"{prefix}Kestrel__Endpoints__Another__Url"] = $"http://127.0.0.1:{_ports[2]}";
            Environment[$"{prefix}Logging__LogLevel__Default"] = "None";
            Environment[$"{prefix}ENVIRONMENT"] = "Development";
            Environment[$"{prefix}CONTENTROOT"] = folder;
        }
        Environment["ASPNETCORE_HTTP_PORTS"] = $"{_ports[3]}";
        foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy" })
            Environment[name] = $"http://{_proxy.LocalEndpoint}";
        // What libpq and its like would take from it.
        Environment["PGOPTIONS"] = "-c nosuch=1";
        Environment["PGREQUIREAUTH"] = "none";
        Environment["PGTZ"] = "Mars/Olympus";
        Environment["PGCLIENTENCODING"] = "UTF16";
        // Of a service manager that is gone.
        Environment["NOTIFY_SOCKET"] = Path.Combine(folder, "no-such-socket");
        Environment["NO_PROXY"] = Environment["no_proxy"] = "";
    }

    public string Folder { get; }

    /// <summary>For a process that starts there.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public static async Task<HostileSurroundings> CreateAsync()
    {
        var hostile = new HostileSurroundings(Directory.CreateTempSubdirectory("ledger-hostile-").FullName);
        var settings = $$"""
            { "urls": "http://127.0.0.1:{{hostile._ports[0]}}",
              "Kestrel": { "Endpoints": { "Other": { "Url": "http://127.0.0.1:{{hostile._ports[1]}}" } } },
              "Logging": { "LogLevel": { "Default": "None" } } }
            """;
        foreach (var name in new[] { "appsettings.json", "appsettings.Production.json", "appsettings.Development.json" })
            await File.WriteAllTextAsync(Path.Combine(hostile.Folder, name), settings);
        return hostile;
    }

    public LedgerProcess Start(params string[] args) => LedgerProcess.StartIn(Folder, Environment, args);

    /// <summary>
    /// In a user namespace of its own, in which there is no inotify instance to be had. Elsewhere than on Linux, and where that is
    /// forbidden, as <see cref="Start"/>.
    /// </summary>
    public LedgerProcess StartWithoutInotify(params string[] args) =>
        LedgerProcess.StartIn(Folder, Environment, LedgerProcess.CanLackInotify ? LedgerProcess.WithoutInotify : [], args);

    /// <summary>Nobody listens where the surroundings say, no folder is watched, and nothing was sent to the proxy.</summary>
    /// <param name="processes">That run there.</param>
    public void AssertIgnored(params LedgerProcess[] processes)
    {
        foreach (var port in _ports)
            Assert.True(LoopbackPort.IsFree(port), $"somebody listens on {port}");
        if (OperatingSystem.IsLinux())
        {
            var open = processes.SelectMany(process => process.OpenFiles());
            Assert.DoesNotContain(open, file => file.Contains("inotify", StringComparison.Ordinal));
        }
        Assert.False(_proxy.Pending(), "a call for this machine went to the proxy");
    }

    public void Dispose()
    {
        _proxy.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
