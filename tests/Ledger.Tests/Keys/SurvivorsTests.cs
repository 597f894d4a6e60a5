using System.Security.Cryptography;
using Ledger.Contracts.Jobs;
using Ledger.Keys;
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
    public async Task While_a_file_is_destroyed_a_survivor_is_found_or_the_file_is_gone_and_never_is_the_job_forgotten()
    {
        var (job, wrapped) = (JobId.FromRandomness(new byte[32]), RandomNumberGenerator.GetBytes(60));
        var epoch = 1;
        await Survivors.WriteAsync(_folder, epoch, new[] { (job, wrapped) }.ToAsyncEnumerable());
        using var done = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                try
                {
                    var file = Survivors.File(_folder, Volatile.Read(ref epoch));
                    Assert.Equal(wrapped, Survivors.Find(file, job));
                    Assert.Null(Survivors.Damage(file));
                }
                catch (FileNotFoundException)
                {
                    // As a rotation leaves it: the caller looks for a newer file.
                }
            }
        });
        while (epoch < 1_000 && !reader.IsFaulted)
        {
            await Survivors.WriteAsync(_folder, epoch + 1, new[] { (job, wrapped) }.ToAsyncEnumerable());
            KeyFiles.Destroy(Survivors.File(_folder, Interlocked.Increment(ref epoch) - 1));
        }
        await done.CancelAsync();
        await reader;
    }

    [Fact]
    public void What_was_read_of_a_file_that_is_destroyed_meanwhile_does_not_count()
    {
        var file = Path.Combine(_folder, "epoch-000001.key");
        KeyFiles.Create(file, KeyLine.Fresh());
        Assert.Equal(1, KeyFiles.Undestroyed(file, () => 1));
        Assert.Throws<FileNotFoundException>(() => KeyFiles.Undestroyed(file, () =>
        {
            KeyFiles.Destroy(file);
            return 1;
        }));
    }

    [Fact]
    public async Task A_wrapped_key_of_a_wrong_length_is_refused_and_leaves_no_file_under_the_name()
    {
        var entries = new[] { (JobId.FromRandomness(new byte[32]), new byte[59]) };
        await Assert.ThrowsAsync<InvalidOperationException>(() => Survivors.WriteAsync(_folder, 7, entries.ToAsyncEnumerable()));
        Assert.False(File.Exists(Survivors.File(_folder, 7)));
    }
}
