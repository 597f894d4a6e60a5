using System.Diagnostics;
using System.Runtime.Versioning;
using Ledger.Contracts.Transparency;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Machine;
using Ledger.Witnessing;

namespace Ledger.Tests.Keys;

/// <summary>Keys of every kind are made in one way: on the disk, name and all, and for the folder's owner alone.</summary>
[UnsupportedOSPlatform("windows")] // it has no file modes
public sealed class KeyFilesTests : IDisposable
{
    private const int Service = 4711; // nobody in particular

    private readonly string _parent = Directory.CreateTempSubdirectory("ledger-key-files-").FullName;

    private string Folder => Path.Combine(_parent, "keys");

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [SkippableTheory]
    [InlineData("log.key.next")]
    [InlineData("epoch-000002.key")]
    [InlineData("w.key")]
    [InlineData("log.lock")]
    [InlineData("log.checkpoint")]
    [InlineData("log-000001.vkey")]
    [InlineData("log-000001.checkpoint")]
    public void What_root_makes_belongs_to_the_folders_owner_alone(string file)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root can give files away");
        KeyFolder.Create(Folder);
        Run("chown", "-R", $"{Service}:{Service}", Folder);
        Make(file);
        Assert.Equal($"{Service}:{Service} 600", Run("stat", "-c", "%u:%g %a", Path.Combine(Folder, file)));
    }

    [Theory]
    [InlineData("log.key.next")]
    [InlineData("epoch-000002.key")]
    [InlineData("w.key")]
    public void A_power_cut_takes_back_no_key_that_was_made(string file)
    {
        KeyFolder.Create(Folder);
        Assert.Contains(file, Flushed(Folder, () => Make(file))[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_power_cut_takes_back_no_new_folder() =>
        Assert.Equal("keys", Flushed(_parent, () => KeyFolder.Create(Folder))[^1]);

    [Fact]
    public void A_power_cut_takes_back_no_exchange_of_the_logs_key_which_comes_after_what_is_kept_of_the_old_one()
    {
        KeyFolder.Create(Folder);
        File.WriteAllText(Path.Combine(Folder, LogSigner.CheckpointFile), "the last");
        LogKeyFile.Prepare(Folder, "ledger.example/b");
        Assert.Equal(
            [
                "epoch-000001.key log-000001.checkpoint log-000001.vkey log.key log.key.next service.key",
                "epoch-000001.key log-000001.checkpoint log-000001.vkey log.key service.key",
            ],
            Flushed(Folder, () => LogKeyFile.Exchange(Folder))[^2..]
        );
    }

    [Theory]
    [InlineData("log.key")]
    [InlineData("epoch-000001.key")]
    [InlineData("w.key")]
    public void A_key_that_others_can_read_is_refused(string file)
    {
        KeyFolder.Create(Folder);
        Make("w.key");
        var path = Path.Combine(Folder, file);
        Read();
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.StartsWith(
            $"'{path}' can be read by others: `chmod 600 {path}`", Assert.ThrowsAny<Exception>(Read).Message, StringComparison.Ordinal);

        void Read() => _ = file switch
        {
            "log.key" => (object)LogKeyFile.Read(Folder),
            "w.key" => WitnessKeyFile.Read(path),
            _ => KeyFolder.Open(Folder),
        };
    }

    private void Make(string file)
    {
        switch (file)
        {
            case "log.key.next":
                LogKeyFile.Prepare(Folder, "ledger.example/b");
                break;
            case "w.key":
                WitnessKeyFile.Create("witness.example/w1", Path.Combine(Folder, file));
                break;
            case "log.lock":
                LogSigner.TryLock(Folder)!.Dispose();
                break;
            case "log.checkpoint":
                // What an earlier version left has another mode.
                File.WriteAllText(Path.Combine(Folder, "log.checkpoint.new"), "cut sh");
                var origin = LogKeyFile.Read(Folder).Verifier.Name;
                using (var signer = LogSigner.TryOpen(Folder, origin)!)
                    signer.Sign(new Checkpoint(origin, 0, MerkleTree.EmptyRoot()));
                break;
            case "log-000001.vkey" or "log-000001.checkpoint":
                Make("log.checkpoint");
                LogKeyFile.Prepare(Folder, "ledger.example/b");
                LogKeyFile.Exchange(Folder);
                break;
            default:
                KeyFolder.Open(Folder).AddEpoch();
                break;
        }
    }

    /// <summary>
    /// The names in a folder at each moment at which they were flushed to the disk: what a power cut right after would leave.
    /// </summary>
    private static List<string> Flushed(string folder, Action act)
    {
        var flushed = new List<string>();
        DurableFile.FolderSynced.Value = synced =>
        {
            if (synced == folder)
                flushed.Add(
                    string.Join(' ', Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
        };
        act();
        DurableFile.FolderSynced.Value = null;
        return flushed;
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
