using System.Diagnostics;
using Ledger.SystemTests.Cli;

namespace Ledger.SystemTests.Database;

public sealed class DamagedFolderTests
{
    [SkippableFact]
    public async Task A_folder_is_made_under_any_umask_and_what_is_cut_in_it_is_named_with_what_to_do()
    {
        Requires.That(OperatingSystem.IsLinux(), "a shell with umask");
        await using var scratch = await ScratchFolder.CreateAsync();
        // As root PostgreSQL runs as another user, who must get through the parents that were made on the way.
        var folder = Path.Combine(scratch.Path, "made", "on the way", "data");
        const string Migrate = "umask 077; exec dotnet \"$0\" migrate --data \"$1\"";
        using (var made = Process.Start("sh", ["-c", Migrate, typeof(CommandLine).Assembly.Location, folder]))
        {
            await made.WaitForExitAsync();
            Assert.Equal(0, made.ExitCode);
        }

        foreach (var (file, kept, told) in new[]
        {
            ("cluster/PG_VERSION", 0, "PG_VERSION does not say which PostgreSQL made this cluster"),
            ("cluster/pg_hba.conf", 0, "did not start"),
            ("cluster/global/pg_control", 100, "did not start"),
            ("cluster/global/pg_filenode.map", 10, "restore it whole from a backup"),
            ("cluster.json", 5, "cluster.json cannot be read"),
            ("keys/log.key", 3, "log.key' is not"),
        })
        {
            var path = Path.Combine(folder, file);
            var whole = await File.ReadAllBytesAsync(path);
            await CutAsync(path, whole[..kept]);
            string[] verb = file == "keys/log.key" ? ["log", "key"] : ["bot", "list"];
            var refused = await CliDatabase.RunAsync([.. verb, "--data", folder]);
            Assert.True((1, "") == (refused.ExitCode, refused.Output), $"{file}: {refused}");
            Assert.Contains(told, refused.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("this is a bug", refused.Error, StringComparison.Ordinal);
            await CutAsync(path, whole);
        }
        Assert.Equal(0, (await CliDatabase.RunAsync(["bot", "list", "--data", folder])).ExitCode);
    }

    /// <summary>In place: owner and mode stay.</summary>
    private static async Task CutAsync(string path, byte[] content)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.SetLength(0);
        await file.WriteAsync(content);
    }
}
