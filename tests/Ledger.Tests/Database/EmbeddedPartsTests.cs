using Ledger.Database.Embedded;
using Ledger.Machine;

namespace Ledger.Tests.Database;

public sealed class EmbeddedPartsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parts ").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>.NET would look for it in the current folder first.</summary>
    [Fact]
    public void A_program_is_started_by_its_path_or_not_at_all()
    {
        Assert.True(Path.IsPathRooted(ShortProgram.StartInfo(["stat", "x"]).FileName));
        Assert.Throws<System.ComponentModel.Win32Exception>(() => ShortProgram.StartInfo(["no-such-program-anywhere"]));
    }

    [Theory]
    [InlineData(true, "/x", "/root", "/var/lib/deletion-ledger")]
    [InlineData(false, "/x", "/home/a", "/x/deletion-ledger")]
    [InlineData(false, "relative", "/home/a", "/home/a/.local/share/deletion-ledger")]
    [InlineData(false, "", "/home/a", "/home/a/.local/share/deletion-ledger")]
    [InlineData(false, null, "/home/a", "/home/a/.local/share/deletion-ledger")]
    [InlineData(false, null, "", null)]
    public void The_data_folder_is_per_user(bool root, string? xdg, string home, string? expected) =>
        Assert.Equal(expected, DataFolder.For(root, "/var/lib", xdg, home, ".local/share"));

    [Theory]
    [InlineData("4711\n/data\n1700000000\n20001\n\n127.0.0.1\n  42 7\nready   \n", 4711, 20001)]
    [InlineData("4711\n/data\n1700000000\n", 4711, null)] // just starting
    [InlineData("-4711\n/data\n", null, null)] // a single-user postgres
    [InlineData("", null, null)]
    public void The_pid_file_gives_process_and_port(string text, int? pid, int? port)
    {
        var file = PostmasterFile.Parse(text);
        Assert.Equal((pid, port), (file?.Pid, file?.Port));
    }

    [Fact]
    public void A_process_that_is_no_postgres_is_not_the_server() =>
        Assert.False(new PostmasterFile(Environment.ProcessId, null).IsServerOf(_folder));

    [SkippableFact]
    public void The_real_path_resolves_links_in_the_middle()
    {
        Skip.If(OperatingSystem.IsWindows(), "symbolic links need a privilege");
        Directory.CreateDirectory(Path.Combine(_folder, "real", "data"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "link"), "real");
        Assert.Equal(
            PostmasterFile.RealPath(Path.Combine(_folder, "real", "data")), PostmasterFile.RealPath(Path.Combine(_folder, "link", "data")));
    }

    [Fact]
    public void Shared_locks_go_together_and_exclude_the_exclusive_one()
    {
        var path = Path.Combine(_folder, "lock");
        using (var first = FileLock.TryShared(path))
        using (var second = FileLock.TryShared(path))
        {
            Assert.NotNull(first);
            Assert.NotNull(second);
            Assert.Null(FileLock.TryExclusive(path));
        }
        using var only = FileLock.TryExclusive(path);
        Assert.NotNull(only);
        Assert.Null(FileLock.TryShared(path));
        Assert.Null(FileLock.TryExclusive(path));
    }

    [Fact]
    public async Task Waiting_for_a_lock_ends_with_its_name()
    {
        var path = Path.Combine(_folder, "lock");
        using var taken = FileLock.TryExclusive(path);
        var failure = await Assert.ThrowsAsync<EmbeddedPostgresException>(
            () => FileLock.ExclusiveAsync(path, TimeSpan.Zero, TimeProvider.System, CancellationToken.None));
        Assert.Contains(path, failure.Message);
    }

    [Fact]
    public void The_state_is_read_back_and_roles_have_passwords_of_their_own()
    {
        var path = Path.Combine(_folder, "cluster.json");
        Assert.Null(ClusterState.Read(path));
        var state = ClusterState.New();
        state.Write(path);
        var read = ClusterState.Read(path);

        Assert.Equal(state, read);
        Assert.Equal(state.PasswordOf("a"), read!.PasswordOf("a"));
        string[] passwords =
        [state.PasswordOf("a"), state.PasswordOf("b"), state.PasswordOf("postgres"), ClusterState.New().PasswordOf("a")];
        Assert.Equal(passwords.Length, passwords.Distinct().Count());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"port": 20001""")]
    [InlineData("""{"port": 0, "password": "x"}""")]
    public void A_damaged_state_is_named_and_not_replaced(string content)
    {
        var path = Path.Combine(_folder, "cluster.json");
        File.WriteAllText(path, content);
        Assert.Contains(path, Assert.Throws<EmbeddedPostgresException>(() => ClusterState.Read(path)).Message);
    }
}
