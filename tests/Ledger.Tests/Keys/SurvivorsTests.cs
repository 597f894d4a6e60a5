using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Keys.Rotation;

namespace Ledger.Tests.Keys;

public sealed class SurvivorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-survivors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Of_any_number_of_survivors_each_is_found_and_nobody_else()
    {
        for (var count = 0; count <= 33; count++)
        {
            var entries = Enumerable
                .Range(0, 2 * count + 1)
                .Select(i =>
                    (Job: JobId.FromRandomness(SHA256.HashData([(byte)count, (byte)i])), Wrapped: RandomNumberGenerator.GetBytes(60))
                )
                .OrderBy(entry => Convert.ToHexString(entry.Job.Value.ToByteArray(bigEndian: true)), StringComparer.Ordinal)
                .ToArray();
            await Survivors.WriteAsync(_folder, 7, entries.Where((_, i) => i % 2 == 1).ToAsyncEnumerable());
            Assert.All(
                entries,
                (entry, i) => Assert.Equal(i % 2 == 1 ? entry.Wrapped : null, Survivors.Find(Survivors.File(_folder, 7), entry.Job)));
        }
        Assert.Equal("survivors-000007.keys", Path.GetFileName(Assert.Single(Directory.EnumerateFiles(_folder))));
    }

    [Fact]
    public async Task A_wrapped_key_of_a_wrong_length_is_refused_and_leaves_no_file_under_the_name()
    {
        var entries = new[] { (JobId.FromRandomness(new byte[32]), new byte[59]) };
        await Assert.ThrowsAsync<InvalidOperationException>(() => Survivors.WriteAsync(_folder, 7, entries.ToAsyncEnumerable()));
        Assert.False(File.Exists(Survivors.File(_folder, 7)));
    }
}
