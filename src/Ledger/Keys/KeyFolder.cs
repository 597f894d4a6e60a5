using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Keys.Rotation;
using Ledger.Machine;

namespace Ledger.Keys;

/// <summary>
/// The keys that live outside the database and its backups: one file each, readable by the service's user alone. <c>service.key</c> derives
/// job ids and seals client secrets. <c>epoch-000001.key</c>, … wrap the jobs' keys, the newest for new jobs. A rotation
/// (<see cref="KeyRotation"/>) adds an epoch and destroys the older ones. Any node or process that shares the folder may rotate, so the
/// folder is read again when that shows.
/// </summary>
public sealed class KeyFolder
{
    private const string ServiceFile = "service.key";

    private readonly byte[] _secretsKey;
    private readonly Lock _reading = new();
    private volatile EpochKeys _epochs;

    private KeyFolder(string folder, byte[] service, EpochKeys epochs)
    {
        Folder = folder;
        _epochs = epochs;
        JobIdSecret = HKDF.DeriveKey(HashAlgorithmName.SHA256, service, KeyLine.Size, [], "ledger/service/job-id"u8.ToArray());
        CheckValue = HKDF.DeriveKey(HashAlgorithmName.SHA256, service, KeyLine.Size, [], "ledger/service/check"u8.ToArray());
        _secretsKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, service, KeyLine.Size, [], "ledger/service/client-secrets"u8.ToArray());
    }

    /// <summary>The path of the folder. It holds the log's key too: see <see cref="LogKeyFile"/>.</summary>
    public string Folder { get; }

    /// <summary>The secret that job ids are derived under.</summary>
    public byte[] JobIdSecret { get; }

    /// <summary>A value that tells these keys from others, and reveals nothing of them. A ledger keeps it to refuse keys that are not its
    /// own.</summary>
    public byte[] CheckValue { get; }

    /// <summary>The epoch whose key wraps new jobs' keys, as far as this process has read.</summary>
    public int CurrentEpoch => _epochs.Newest;

    /// <summary>Makes a folder with fresh keys. Refuses to touch one that holds keys already.</summary>
    /// <param name="origin">The name of the log. Null for a made-up name.</param>
    public static void Create(string folder, string? origin = null)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.key").Any())
            throw new InvalidOperationException(
                $"'{folder}' holds keys already. They are needed for what they sealed: choose another folder");
        // Made beside its place and moved there whole: a crash leaves no folder that passes for one with keys.
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        Directory.CreateDirectory(parent);
        var fresh = Path.Combine(
            parent,
            $".{Path.GetFileName(folder.TrimEnd(Path.DirectorySeparatorChar))}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(fresh);
        else
            Directory.CreateDirectory(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        KeyFiles.Create(Path.Combine(fresh, EpochKeys.FileOf(1)), KeyLine.Fresh());
        KeyFiles.Create(Path.Combine(fresh, ServiceFile), KeyLine.Fresh());
        LogKeyFile.Create(fresh, origin ?? LogKeyFile.DefaultOrigin());
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
        Directory.Move(fresh, folder);
        // Before anything is sealed under these keys: a power cut must not take the folder's name back.
        DurableFile.SyncFolder(parent);
    }

    /// <exception cref="InvalidOperationException">A key is missing or wrong. The message says which one, and what to do.</exception>
    public static KeyFolder Open(string folder)
    {
        var service = Path.Combine(folder, ServiceFile);
        if (!KeyFiles.IsThere(service))
            throw new InvalidOperationException(
                $"'{folder}' holds no keys: make them with `ledger key new --keys {ShellWord.Of(folder)}`, or bring back the folder that "
                + "this database was used with"
            );
        return new KeyFolder(folder, KeyLine.Read(service), EpochKeys.Read(folder));
    }

    /// <summary>Reads the epochs' keys again. Adds new ones, and drops destroyed ones from memory.</summary>
    public void Reload()
    {
        // One at a time: what was read earlier must not replace what was read later.
        lock (_reading)
            _epochs = EpochKeys.Read(Folder);
    }

    /// <summary>A fresh job key, wrapped under the newest epoch's key.</summary>
    public (JobKey Key, int Epoch, byte[] Wrapped) NewJobKey(JobId job)
    {
        var key = RandomNumberGenerator.GetBytes(JobKey.Size);
        var epochs = _epochs;
        return (new JobKey(job, key), epochs.Newest, Wrap(epochs, job, key));
    }

    /// <summary>
    /// Opens a job's key. If the key of its epoch is destroyed, the job is looked up among the survivors of the rotation. A row of a
    /// restored backup can be wrapped under such a key.
    /// </summary>
    /// <returns>The key. Null if it was destroyed, because the job was forgotten.</returns>
    /// <exception cref="KeyFolderBehindException">The epoch is newer than this folder, or the folder lacks the survivors.</exception>
    /// <exception cref="CryptographicException">The wrapped key is damaged, or another job's.</exception>
    public JobKey? OpenJobKey(JobId job, int epoch, ReadOnlySpan<byte> wrapped) =>
        Unwrap(job, epoch, wrapped) is { } key ? new JobKey(job, key) : null;

    /// <summary>A job's key, unwrapped from any epoch and wrapped under the newest. Null if it was destroyed.</summary>
    internal (int Epoch, byte[] Wrapped)? Rewrap(JobId job, int epoch, ReadOnlySpan<byte> wrapped)
    {
        if (Unwrap(job, epoch, wrapped) is not { } key)
            return null;
        var epochs = _epochs;
        return (epochs.Newest, Wrap(epochs, job, key));
    }

    /// <summary>Epochs before <paramref name="epoch"/> whose keys are there.</summary>
    internal IReadOnlyList<int> EpochsBefore(int epoch) => [.. _epochs.Keys.Keys.Where(older => older < epoch).Order()];

    /// <summary>
    /// The keys that the folder lacks, and the remedy. Null if it lacks none. An epoch's key is destroyed only after the survivors' file is
    /// written. Without that file nobody knows which jobs were forgotten.
    /// </summary>
    public string? Problem()
    {
        var epochs = _epochs;
        while (Problem(epochs) is { } problem)
        {
            // What was read before a rotation does not know the newer survivors.
            if (!ReloadChanges(epochs))
                return problem;
            epochs = _epochs;
        }
        return null;
    }

    /// <summary>The epochs whose keys are there.</summary>
    internal IReadOnlyList<int> Epochs => [.. _epochs.Keys.Keys.Order()];

    /// <summary>Adds an epoch's key, on the disk before anybody can wrap under it.</summary>
    /// <exception cref="IOException">Another process added it at the same moment.</exception>
    internal void AddEpoch()
    {
        KeyFiles.Create(Path.Combine(Folder, EpochKeys.FileOf(CurrentEpoch + 1)), KeyLine.Fresh());
        Reload();
    }

    /// <summary>True if <see cref="DestroyBefore"/> would find a file that still has its name.</summary>
    internal bool HasBefore(int epoch) => FilesBefore(epoch).Any();

    /// <summary>
    /// Destroys the keys of all epochs before <paramref name="epoch"/>, the survivors that they wrap, and the files that a crash left of
    /// these.
    /// </summary>
    internal void DestroyBefore(int epoch)
    {
        foreach (var file in FilesBefore(epoch).ToArray())
            KeyFiles.Destroy(file);
        foreach (var file in KeyFiles.Leftovers(Folder, EpochKeys.Prefix).Concat(KeyFiles.Leftovers(Folder, Survivors.Prefix)))
            KeyFiles.Erase(file);
        Reload();
    }

    private IEnumerable<string> FilesBefore(int epoch) =>
        Directory
            .EnumerateFiles(Folder, $"{EpochKeys.Prefix}*.key")
            .Concat(Directory.EnumerateFiles(Folder, $"{Survivors.Prefix}*.keys"))
            .Where(file => EpochKeys.EpochOf(file) is { } older && older < epoch);

    private byte[]? Unwrap(JobId job, int epoch, ReadOnlySpan<byte> wrapped)
    {
        if (epoch > CurrentEpoch)
            Reload();
        var epochs = _epochs;
        if (epoch > epochs.Newest)
            throw new KeyFolderBehindException();
        if (epochs.Keys.TryGetValue(epoch, out var epochKey))
            return Seal.Open(epochKey, wrapped, WrapContext(job));
        byte[]? key;
        while (!TryFindSurvivor(epochs, epoch, job, out key))
        {
            // Either the survivors moved on to a newer epoch, or they are not there, and then nothing tells whether the job was forgotten.
            if (!ReloadChanges(epochs))
                throw new KeyFolderBehindException(MissingSurvivors(epochs, epoch));
            epochs = _epochs;
        }
        return key;
    }

    /// <summary>Reads the epochs again. False if nothing changed.</summary>
    private bool ReloadChanges(EpochKeys before)
    {
        Reload();
        return !_epochs.Keys.Keys.Order().SequenceEqual(before.Keys.Keys.Order());
    }

    private string? Problem(EpochKeys epochs)
    {
        var missing = Enumerable.Range(1, epochs.Newest).LastOrDefault(epoch => !epochs.Keys.ContainsKey(epoch));
        if (missing == 0)
            return null;
        foreach (var epoch in epochs.Keys.Keys.Where(epoch => epoch > missing).OrderDescending())
        {
            try
            {
                return Survivors.Damage(Survivors.File(Folder, epoch));
            }
            catch (FileNotFoundException)
            {
                // Then an older file, while a rotation is under way.
            }
        }
        return MissingSurvivors(epochs, missing);
    }

    private static string MissingSurvivors(EpochKeys epochs, int missing) =>
        $"the key folder is incomplete: it has neither {EpochKeys.FileOf(missing)} nor "
        + $"{Path.GetFileName(Survivors.File("", epochs.Keys.Keys.Where(epoch => epoch > missing).Min()))}, which has the keys of "
        + "the jobs that were not forgotten. Bring the latter back from the folder that this one was copied from (if it is lost, `ledger "
        + "key rotate --now` writes a new one as long as no job needs it)";

    /// <summary>
    /// Looks a job up in the newest survivors' file that can hold what <paramref name="under"/> wrapped. False if there is no such file.
    /// </summary>
    private bool TryFindSurvivor(EpochKeys epochs, int under, JobId job, out byte[]? key)
    {
        foreach (var (epoch, epochKey) in epochs.Keys.Where(epoch => epoch.Key > under).OrderByDescending(epoch => epoch.Key))
        {
            try
            {
                key = Survivors.Find(Survivors.File(Folder, epoch), job) is { } wrapped
                    ? Seal.Open(epochKey, wrapped, WrapContext(job))
                    : null;
                return true;
            }
            catch (FileNotFoundException)
            {
                // A rotation is under way, or the folder is incomplete.
            }
        }
        key = null;
        return false;
    }

    private static byte[] Wrap(EpochKeys epochs, JobId job, byte[] key) => Seal.Close(epochs.Keys[epochs.Newest], key, WrapContext(job));

    /// <summary>Seals an API client's secret for the database.</summary>
    public byte[] SealSecret(string clientId, string secretId, byte[] secret) =>
        Seal.Close(_secretsKey, secret, SecretContext(clientId, secretId));

    public byte[] OpenSecret(string clientId, string secretId, ReadOnlySpan<byte> sealedSecret) =>
        Seal.Open(_secretsKey, sealedSecret, SecretContext(clientId, secretId));

    /// <summary>Seals the signing secret of a bot's webhook.</summary>
    public byte[] SealWebhookSecret(string botId, byte[] secret) => Seal.Close(_secretsKey, secret, WebhookContext(botId));

    public byte[] OpenWebhookSecret(string botId, ReadOnlySpan<byte> sealedSecret) =>
        Seal.Open(_secretsKey, sealedSecret, WebhookContext(botId));

    private static byte[] WrapContext(JobId job) => Encoding.UTF8.GetBytes($"job-key\n{job}");

    private static byte[] SecretContext(string clientId, string secretId) =>
        Encoding.UTF8.GetBytes($"client-secret\n{clientId}\n{secretId}");

    private static byte[] WebhookContext(string botId) => Encoding.UTF8.GetBytes($"webhook-secret\n{botId}");
}
