using Ledger.Machine;

namespace Ledger.Database.Embedded;

/// <summary>
/// The operating system account that PostgreSQL's programs run under: our own; or, as root (they refuse root), an unprivileged one:
/// the owner of the cluster, else <c>postgres</c>, else <c>nobody</c>.
/// </summary>
/// <param name="Name">Null: our own.</param>
/// <param name="Prefix">The words before a command line that make it run under this account.</param>
internal sealed record ServerAccount(string? Name, IReadOnlyList<string> Prefix)
{
    public static readonly ServerAccount Own = new(null, []);

    public static async Task<ServerAccount> ForAsync(ClusterFolder folder, CancellationToken cancel)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess) return Own;

        var owner = await OwnerAsync(folder.Cluster, cancel);
        var name = owner ?? (await AskAsync(["id", "-u", "postgres"], cancel) is null ? "nobody" : "postgres");
        var account = await OfAsync(name, cancel);
        await account.RequireReachableAsync(folder.DataDirectory, "Choose a data folder elsewhere (--data DIR)", cancel);
        // A cluster that root restored or copied.
        if (owner is null && Directory.Exists(folder.Cluster)) await account.GiveAsync(folder.Cluster, cancel);
        return account;
    }

    /// <summary>The command line that runs another one under this account.</summary>
    public IReadOnlyList<string> Line(IReadOnlyList<string> line) => [.. Prefix, .. line];

    public Task<ProgramResult> RunAsync(IReadOnlyList<string> line, CancellationToken cancel) => ShortProgram.RunAsync(Line(line), cancel);

    /// <summary>Hands over a folder and all that is in it.</summary>
    public async Task GiveAsync(string path, CancellationToken cancel)
    {
        if (Name is null) return;
        var given = await ShortProgram.RunAsync(["chown", "-R", $"{Name}:", path], cancel);
        if (given.ExitCode != 0) throw new EmbeddedPostgresException($"{path} cannot be given to user {Name}: {given.Output}");
    }

    /// <summary>Checks that this account gets to <paramref name="path"/>; the error names the folder that is in the way.</summary>
    public async Task RequireReachableAsync(string path, string wayOut, CancellationToken cancel)
    {
        if (Name is null || await CanReachAsync(path, cancel)) return;
        var barrier = path;
        while (Path.GetDirectoryName(barrier) is { } parent && !await CanReachAsync(parent, cancel)) barrier = parent;
        throw new EmbeddedPostgresException(
            $"PostgreSQL refuses to run as root and runs as user {Name} here, who may not enter {barrier}" +
            $"{(barrier == path ? "" : $" on the way to {path}")}. {wayOut}, or run as an ordinary user.");
    }

    private async Task<bool> CanReachAsync(string path, CancellationToken cancel) =>
        (await RunAsync(["test", "-x", path], cancel)).ExitCode == 0;

    private static async Task<ServerAccount> OfAsync(string name, CancellationToken cancel)
    {
        var uid = await AskAsync(["id", "-u", name], cancel);
        var gid = await AskAsync(["id", "-g", name], cancel);
        string[][] ways = [["setpriv", $"--reuid={uid}", $"--regid={gid}", "--clear-groups", "--"], ["runuser", "-u", name, "--"]];
        foreach (var way in ways)
        {
            if (await AskAsync([.. way, "true"], cancel) is not null) return new ServerAccount(name, way);
        }
        throw new EmbeddedPostgresException(
            $"PostgreSQL refuses to run as root, and neither setpriv nor runuser can run it as user {name} here. " +
            "Install util-linux, or run as an ordinary user, or give a connection string.");
    }

    /// <summary>The name of the owner; null for root, for an owner that this machine does not know, or when there is nothing.</summary>
    private static async Task<string?> OwnerAsync(string path, CancellationToken cancel) =>
        await AskAsync(["stat", "-c", "%U", path], cancel) is { } owner and not ("root" or "UNKNOWN") ? owner : null;

    private static async Task<string?> AskAsync(IReadOnlyList<string> line, CancellationToken cancel) =>
        await ShortProgram.RunAsync(line, cancel) is { ExitCode: 0 } answer ? answer.Output : null;
}
