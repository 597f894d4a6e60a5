using System.Globalization;
using Ledger.Machine;

namespace Ledger.Keys;

/// <summary>The keys of a key folder's epochs, as they were at one moment.</summary>
/// <param name="Keys">The keys by epoch, at least one.</param>
internal sealed record EpochKeys(IReadOnlyDictionary<int, byte[]> Keys)
{
    /// <summary>The beginning of the files' names.</summary>
    public const string Prefix = "epoch-";

    public int Newest { get; } = Keys.Keys.Max();

    public override string ToString() => nameof(EpochKeys);

    /// <summary>The name of an epoch's file.</summary>
    public static string FileOf(int epoch) => $"{Prefix}{epoch:D6}.key";

    /// <summary>The epoch that a file is named after. Null if there is none.</summary>
    public static int? EpochOf(string file) =>
        int.TryParse(
            Path.GetFileNameWithoutExtension(file).AsSpan(Path.GetFileName(file).IndexOf('-', StringComparison.Ordinal) + 1),
            NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? epoch
            : null;

    /// <summary>Reads the keys of all epochs in a key folder.</summary>
    /// <exception cref="InvalidOperationException">There is no key, or a file is not a key.</exception>
    public static EpochKeys Read(string folder)
    {
        // Whoever wraps under a key that it sees must find it after a crash too: the rotation that added it may not have come to its own
        // fsync yet.
        DurableFile.SyncFolder(folder);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var keys = Directory
                    .EnumerateFiles(folder, $"{Prefix}*.key")
                    .Where(file => EpochOf(file) is not null)
                    .ToDictionary(file => EpochOf(file)!.Value, KeyLine.Read);
                return keys.Count > 0
                    ? new EpochKeys(keys)
                    : throw new InvalidOperationException(
                        $"'{folder}' holds no epoch key: the keys of the jobs cannot be opened without it");
            }
            catch (FileNotFoundException) when (attempt < 10)
            {
                // A rotation destroyed it between the listing and the reading.
            }
        }
    }
}
