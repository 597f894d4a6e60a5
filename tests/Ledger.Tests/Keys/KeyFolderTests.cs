using System.Runtime.Versioning;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Keys;
using Ledger.Keys.Rotation;

namespace Ledger.Tests.Keys;

[UnsupportedOSPlatform("windows")] // it has no file modes
public sealed class KeyFolderTests : IDisposable
{
    private static readonly JobId s_job = JobId.FromRandomness(new byte[32]);

    private readonly string _folder = Path.Combine(
        Path.GetTempPath(), $"ledger-keys-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");

    public KeyFolderTests() => KeyFolder.Create(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_new_folders_files_are_the_services_alone()
    {
        Assert.Equal(["epoch-000001.key", "log.key", "service.key"], Files());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        Assert.All(
            Directory.EnumerateFiles(_folder),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Theory]
    [InlineData("service.key", UnixFileMode.GroupRead)]
    [InlineData("service.key", UnixFileMode.OtherRead)]
    [InlineData("epoch-000001.key", UnixFileMode.OtherWrite)]
    [InlineData("epoch-000001.key", UnixFileMode.GroupExecute)]
    public void A_key_that_others_can_reach_is_refused(string file, UnixFileMode more)
    {
        var path = Path.Combine(_folder, file);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        Refused($"'{path}' can be read by others: `chmod 600");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        KeyFolder.Open(_folder);
    }

    [Fact]
    public void A_folder_that_lacks_keys_says_which_and_what_to_do()
    {
        File.Delete(Path.Combine(_folder, "epoch-000001.key"));
        Refused("holds no epoch key: the keys of the jobs cannot be opened without it");
        File.Delete(Path.Combine(_folder, "service.key"));
        Refused("holds no keys: make them with `ledger key new");
    }

    [Fact]
    public async Task A_folder_can_be_read_at_any_moment_of_a_rotation()
    {
        var (rotating, reading) = (KeyFolder.Open(_folder), KeyFolder.Open(_folder));
        using var done = new CancellationTokenSource();
        // Readers of their own, as other processes have.
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (var newest = 0; !done.IsCancellationRequested; newest = reading.CurrentEpoch)
            {
                reading.Reload();
                Assert.True(reading.CurrentEpoch >= newest);
            }
        })).ToArray();
        for (var rotation = 0; rotation < 1_000 && !readers.Any(reader => reader.IsFaulted); rotation++)
        {
            rotating.AddEpoch();
            rotating.DestroyBefore(rotating.CurrentEpoch);
        }
        await done.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Theory]
    [InlineData("", " (it is empty): bring back the whole file")]
    [InlineData("not base64!", ": 32 bytes in base64 are expected")]
    [InlineData("AAAA", ": 32 bytes in base64 are expected")]
    public void A_file_that_is_no_key_is_named(string content, string why)
    {
        File.WriteAllText(Path.Combine(_folder, "epoch-000001.key"), content);
        Refused($"epoch-000001.key' is not a key of the ledger{why}");
    }

    [Fact]
    public void Keys_are_never_overwritten()
    {
        var before = File.ReadAllText(Path.Combine(_folder, "service.key"));
        Assert.Contains(
            "holds keys already", Assert.Throws<InvalidOperationException>(() => KeyFolder.Create(_folder)).Message,
            StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "epoch-000001.key")); // not even half a folder
        Assert.Throws<InvalidOperationException>(() => KeyFolder.Create(_folder));
        Assert.Equal(before, File.ReadAllText(Path.Combine(_folder, "service.key")));
    }

    [Fact]
    public void A_jobs_key_opens_again_for_that_job_only()
    {
        var keys = KeyFolder.Open(_folder);
        var (key, epoch, wrapped) = keys.NewJobKey(s_job);
        var reopened = KeyFolder.Open(_folder).OpenJobKey(s_job, epoch, wrapped);
        Assert.Equal(key.DigestRequest("x"u8), reopened!.DigestRequest("x"u8));
        Assert.ThrowsAny<CryptographicException>(() =>
            keys.OpenJobKey(JobId.FromRandomness([.. Enumerable.Repeat((byte)1, 32)]), keys.CurrentEpoch, wrapped)
        );
        Assert.NotEqual(key.DigestRequest("x"u8), keys.NewJobKey(s_job).Key.DigestRequest("x"u8));
    }

    [Fact]
    public async Task The_newest_epoch_wraps_and_a_destroyed_one_opens_nothing()
    {
        var keys = KeyFolder.Open(_folder);
        var (_, first, wrapped) = keys.NewJobKey(s_job);
        keys.AddEpoch();
        Assert.Equal((1, 2, 2), (first, keys.CurrentEpoch, keys.NewJobKey(s_job).Epoch));
        Assert.NotNull(keys.OpenJobKey(s_job, 1, wrapped));
        await Survivors.WriteAsync(_folder, 2, Of());
        keys.DestroyBefore(2);
        Assert.Equal(["epoch-000002.key", "log.key", "service.key", "survivors-000002.keys"], Files());
        Assert.Null(keys.OpenJobKey(s_job, 1, wrapped));
        Assert.Null(KeyFolder.Open(_folder).OpenJobKey(s_job, 1, wrapped));
    }

    [Fact]
    public async Task A_survivor_is_opened_by_the_newest_survivors_file_wherever_it_was_wrapped_before()
    {
        var (keys, other) = (KeyFolder.Open(_folder), KeyFolder.Open(_folder)); // another process'
        var (key, epoch, wrapped) = keys.NewJobKey(s_job);
        var (at, now) = (epoch, wrapped);
        for (var target = 2; target <= 4; target++)
        {
            keys.AddEpoch();
            (at, now) = keys.Rewrap(s_job, at, now)!.Value;
            Assert.Equal(target, at);
            await Survivors.WriteAsync(_folder, target, Of((s_job, now)));
            keys.DestroyBefore(target);
            Assert.Equal([$"epoch-00000{target}.key", "log.key", "service.key", $"survivors-00000{target}.keys"], Files());
        }
        foreach (
            var opened in new[]
            {
                keys.OpenJobKey(s_job, epoch, wrapped),
                keys.OpenJobKey(s_job, at, now),
                other.OpenJobKey(s_job, at, now),
                other.OpenJobKey(s_job, epoch, wrapped),
            }
        )
            Assert.Equal(key.DigestRequest("x"u8), opened!.DigestRequest("x"u8));
        await Survivors.WriteAsync(_folder, 4, Of());
        Assert.Null(other.OpenJobKey(s_job, epoch, wrapped));
    }

    [Fact]
    public void An_epoch_that_another_process_added_is_noticed_and_one_that_the_folder_lacks_is_not_taken_for_a_destroyed_one()
    {
        var (keys, other) = (KeyFolder.Open(_folder), KeyFolder.Open(_folder));
        other.AddEpoch();
        var (_, epoch, wrapped) = other.NewJobKey(s_job);
        Assert.NotNull(keys.OpenJobKey(s_job, epoch, wrapped));
        Assert.Equal(2, keys.CurrentEpoch);
        Assert.Throws<KeyFolderBehindException>(() => keys.OpenJobKey(s_job, 3, wrapped));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(60)]
    public async Task Without_whole_survivors_no_job_passes_for_forgotten(int left)
    {
        var keys = KeyFolder.Open(_folder);
        var (key, epoch, wrapped) = keys.NewJobKey(s_job);
        keys.AddEpoch();
        Assert.Null(keys.Problem());
        await Survivors.WriteAsync(_folder, 2, Of((s_job, keys.Rewrap(s_job, epoch, wrapped)!.Value.Wrapped)));
        keys.DestroyBefore(2);
        Assert.Null(keys.Problem());
        var file = Survivors.File(_folder, 2);
        var whole = File.ReadAllBytes(file);
        if (left < 0)
            File.Delete(file); // as `cp *.key` does
        else
            File.WriteAllBytes(file, whole[..left]);

        var refused = Assert.Throws<KeyFolderBehindException>(() => keys.OpenJobKey(s_job, epoch, wrapped));
        Assert.Contains("survivors-000002.keys", refused.Message, StringComparison.Ordinal);
        Assert.Equal(refused.Message, KeyFolder.Open(_folder).Problem());
        File.WriteAllBytes(file, whole);
        Assert.Equal(key.DigestRequest("x"u8), keys.OpenJobKey(s_job, epoch, wrapped)!.DigestRequest("x"u8));
        Assert.Null(keys.Problem());
    }

    [Fact]
    public async Task Survivors_of_an_earlier_rotation_say_nothing_of_what_was_wrapped_after_it()
    {
        var keys = KeyFolder.Open(_folder);
        keys.AddEpoch();
        await Survivors.WriteAsync(_folder, 2, Of());
        keys.DestroyBefore(2);
        keys.AddEpoch();
        var (_, epoch, wrapped) = keys.NewJobKey(s_job);
        keys.AddEpoch();
        File.Delete(Path.Combine(_folder, "epoch-000003.key"));
        keys.Reload();
        Assert.Contains(
            "survivors-000004.keys", Assert.Throws<KeyFolderBehindException>(() => keys.OpenJobKey(s_job, epoch, wrapped)).Message,
            StringComparison.Ordinal);
        Assert.Contains("neither epoch-000003.key nor survivors-000004.keys", keys.Problem(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("epoch-000001.key.dying")]
    [InlineData("survivors-000001.keys.dying")]
    [InlineData("epoch-000003.key.new-0a1b2c3d")]
    [InlineData("survivors-000002.keys.new-0a1b2c3d")]
    public void What_a_crash_left_of_a_file_is_no_key_and_goes_with_the_next_destruction(string file)
    {
        File.WriteAllText(Path.Combine(_folder, file), "half a ke");
        File.WriteAllText(Path.Combine(_folder, "log.key"), "somebody else's");
        var keys = KeyFolder.Open(_folder);
        Assert.Equal(1, keys.CurrentEpoch);
        keys.AddEpoch();
        keys.DestroyBefore(2);
        Assert.Equal(["epoch-000002.key", "log.key", "service.key"], Files());
    }

    private IEnumerable<string?> Files() => Directory.EnumerateFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static async IAsyncEnumerable<(JobId Job, byte[] Wrapped)> Of(params IEnumerable<(JobId Job, byte[] Wrapped)> entries)
    {
        await Task.CompletedTask;
        foreach (var entry in entries)
            yield return entry;
    }

    [Fact]
    public void A_clients_secret_opens_again_for_that_client_and_name_only()
    {
        var keys = KeyFolder.Open(_folder);
        var sealedSecret = keys.SealSecret("cs-1", "s-1", [1, 2, 3]);
        Assert.Equal([1, 2, 3], KeyFolder.Open(_folder).OpenSecret("cs-1", "s-1", sealedSecret));
        Assert.ThrowsAny<CryptographicException>(() => keys.OpenSecret("cs-2", "s-1", sealedSecret));
        Assert.ThrowsAny<CryptographicException>(() => keys.OpenSecret("cs-1", "s-2", sealedSecret));
    }

    private void Refused(string why) =>
        Assert.Contains(why, Assert.Throws<InvalidOperationException>(() => KeyFolder.Open(_folder)).Message, StringComparison.Ordinal);
}
