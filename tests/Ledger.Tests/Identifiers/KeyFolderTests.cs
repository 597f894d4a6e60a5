using System.Runtime.Versioning;
using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Identifiers;

namespace Ledger.Tests.Identifiers;

[UnsupportedOSPlatform("windows")] // it has no file modes
public sealed class KeyFolderTests : IDisposable
{
    private static readonly JobId s_job = JobId.FromRandomness(new byte[32]);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"ledger-keys-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");

    public KeyFolderTests() => KeyFolder.Create(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_new_folders_files_are_the_services_alone()
    {
        Assert.Equal(["epoch-000001.key", "log.key", "service.key"], Directory.EnumerateFiles(_folder).Select(Path.GetFileName).Order());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        Assert.All(Directory.EnumerateFiles(_folder), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
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

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("AAAA")]
    public void A_file_that_is_no_key_is_named(string content)
    {
        File.WriteAllText(Path.Combine(_folder, "epoch-000001.key"), content);
        Refused("epoch-000001.key' is not a key of the ledger: 32 bytes in base64 are expected");
    }

    [Fact]
    public void Keys_are_never_overwritten()
    {
        var before = File.ReadAllText(Path.Combine(_folder, "service.key"));
        Assert.Contains("holds keys already", Assert.Throws<InvalidOperationException>(() => KeyFolder.Create(_folder)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "epoch-000001.key")); // not even half a folder
        Assert.Throws<InvalidOperationException>(() => KeyFolder.Create(_folder));
        Assert.Equal(before, File.ReadAllText(Path.Combine(_folder, "service.key")));
    }

    [Fact]
    public void A_jobs_key_opens_again_for_that_job_only()
    {
        var keys = KeyFolder.Open(_folder);
        var (key, wrapped) = keys.NewJobKey(s_job);
        var reopened = KeyFolder.Open(_folder).OpenJobKey(s_job, keys.CurrentEpoch, wrapped);
        Assert.Equal(key.DigestRequest("x"u8), reopened!.DigestRequest("x"u8));
        Assert.ThrowsAny<CryptographicException>(() => keys.OpenJobKey(JobId.FromRandomness([.. Enumerable.Repeat((byte)1, 32)]), keys.CurrentEpoch, wrapped));
        Assert.NotEqual(key.DigestRequest("x"u8), keys.NewJobKey(s_job).Key.DigestRequest("x"u8));
    }

    [Fact]
    public void The_newest_epoch_wraps_and_a_destroyed_one_opens_nothing()
    {
        var (_, wrapped) = KeyFolder.Open(_folder).NewJobKey(s_job);
        File.Copy(Path.Combine(_folder, "service.key"), Path.Combine(_folder, "epoch-000002.key")); // any 32 bytes
        var keys = KeyFolder.Open(_folder);
        Assert.Equal(2, keys.CurrentEpoch);
        Assert.NotNull(keys.OpenJobKey(s_job, 1, wrapped));
        File.Delete(Path.Combine(_folder, "epoch-000001.key"));
        Assert.Null(KeyFolder.Open(_folder).OpenJobKey(s_job, 1, wrapped));
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

    private void Refused(string why) => Assert.Contains(why, Assert.Throws<InvalidOperationException>(() => KeyFolder.Open(_folder)).Message, StringComparison.Ordinal);
}
