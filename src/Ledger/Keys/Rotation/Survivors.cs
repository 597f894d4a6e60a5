using System.Globalization;
using Ledger.Contracts.Jobs;
using Microsoft.Win32.SafeHandles;

namespace Ledger.Keys.Rotation;

/// <summary>
/// <c>survivors-000007.keys</c> in the key folder: the keys of all jobs that were not forgotten when epoch 7 took over, wrapped under its
/// key. An older backup holds these keys under a key that was destroyed then. When it is restored, this file opens its jobs. All records
/// have one size and are in the order of the job ids (big-endian), so that a key is found without reading the whole file.
/// </summary>
internal static class Survivors
{
    public const string Prefix = "survivors-";

    private const int IdSize = 16;
    private const int RecordSize = IdSize + Seal.Overhead + JobKey.Size;
    private static readonly byte[] s_header = "ledger survivors/v1\n"u8.ToArray();

    public static string File(string folder, int epoch) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{epoch:D6}.keys"));

    /// <summary>Writes the file of an epoch.</summary>
    /// <param name="wrapped">Each surviving job with its key, wrapped under the epoch's key, in ascending order of the ids.</param>
    public static Task WriteAsync(string folder, int epoch, IAsyncEnumerable<(JobId Job, byte[] Wrapped)> wrapped) =>
        KeyFiles.WriteAsync(
            File(folder, epoch),
            replace: true,
            async stream =>
            {
                stream.Write(s_header);
                var record = new byte[RecordSize];
                await foreach (var (job, key) in wrapped)
                {
                    job.Value.TryWriteBytes(record, bigEndian: true, out _);
                    if (key.Length != RecordSize - IdSize)
                        throw new InvalidOperationException($"the wrapped key of {job} has a wrong length");
                    key.CopyTo(record, IdSize);
                    stream.Write(record);
                }
            }
        );

    /// <summary>The damage of a file that is there, and the remedy. Null if it is sound.</summary>
    /// <exception cref="FileNotFoundException">There is no such file, or it was destroyed meanwhile.</exception>
    public static string? Damage(string file) => KeyFiles.Undestroyed(file, () =>
    {
        using var handle = System.IO.File.OpenHandle(file);
        return Damage(file, handle);
    });

    private static string? Damage(string file, SafeFileHandle handle)
    {
        var header = new byte[s_header.Length];
        return
            RandomAccess.Read(handle, header, 0) == header.Length
            && header.AsSpan().SequenceEqual(s_header)
            && (RandomAccess.GetLength(handle) - header.Length) % RecordSize == 0
            ? null
            : $"'{file}' is damaged or cut short: bring it back from the folder that this one was copied from";
    }

    /// <summary>The wrapped key of a job. Null if the job is not among the survivors.</summary>
    /// <exception cref="FileNotFoundException">There is no such file, or it was destroyed meanwhile.</exception>
    /// <exception cref="KeyFolderBehindException">The file is not whole. A job that is not in it may have been.</exception>
    public static byte[]? Find(string file, JobId job)
    {
        var (key, damage) = KeyFiles.Undestroyed(file, () => Search(file, job));
        return damage is null ? key : throw new KeyFolderBehindException(damage);
    }

    private static (byte[]? Key, string? Damage) Search(string file, JobId job)
    {
        using var handle = System.IO.File.OpenHandle(file);
        Span<byte> wanted = stackalloc byte[IdSize];
        job.Value.TryWriteBytes(wanted, bigEndian: true, out _);
        var record = new byte[RecordSize];
        if (Damage(file, handle) is { } damage)
            return (null, damage);
        var (low, high) = (0L, (RandomAccess.GetLength(handle) - s_header.Length) / RecordSize);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            RandomAccess.Read(handle, record, s_header.Length + middle * RecordSize);
            switch (record.AsSpan(0, IdSize).SequenceCompareTo(wanted))
            {
                case 0:
                    return (record[IdSize..], null);
                case < 0:
                    low = middle + 1;
                    break;
                default:
                    high = middle;
                    break;
            }
        }
        return (null, null);
    }
}
