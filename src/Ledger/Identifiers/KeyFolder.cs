using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.Contracts.Jobs;
using Ledger.Transparency;

namespace Ledger.Identifiers;

/// <summary>
/// The keys that live outside the database and its backups: one file each, readable by the service's user alone.
/// <c>service.key</c> derives job ids and seals client secrets; <c>epoch-000001.key</c>, … wrap the jobs' keys, the newest for new jobs.
/// </summary>
public sealed class KeyFolder
{
    private const int KeySize = 32;
    private const string ServiceFile = "service.key";

    private readonly IReadOnlyDictionary<int, byte[]> _epochs;
    private readonly byte[] _secretsKey;

    private KeyFolder(string folder, byte[] service, IReadOnlyDictionary<int, byte[]> epochs)
    {
        Folder = folder;
        _epochs = epochs;
        CurrentEpoch = epochs.Keys.Max();
        JobIdSecret = HKDF.DeriveKey(HashAlgorithmName.SHA256, service, KeySize, [], "ledger/service/job-id"u8.ToArray());
        CheckValue = HKDF.DeriveKey(HashAlgorithmName.SHA256, service, KeySize, [], "ledger/service/check"u8.ToArray());
        _secretsKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, service, KeySize, [], "ledger/service/client-secrets"u8.ToArray());
    }

    /// <summary>Where it is. The log's key is in it too: see <see cref="LogKeyFile"/>.</summary>
    public string Folder { get; }

    /// <summary>The secret that job ids are derived under.</summary>
    public byte[] JobIdSecret { get; }

    /// <summary>Tells these keys from others, and says nothing of them: a ledger keeps it to refuse keys that are not its own.</summary>
    public byte[] CheckValue { get; }

    /// <summary>The epoch whose key wraps new jobs' keys.</summary>
    public int CurrentEpoch { get; }

    /// <summary>Makes a folder with fresh keys. Refuses to touch one that holds keys already.</summary>
    /// <param name="origin">The name that the log is to have; null: a made-up one.</param>
    public static void Create(string folder, string? origin = null)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.key").Any())
            throw new InvalidOperationException($"'{folder}' holds keys already. They are needed for what they sealed: choose another folder");
        // Made beside its place and moved there whole: a crash leaves no folder that passes for one with keys.
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        Directory.CreateDirectory(parent);
        var fresh = Path.Combine(parent, $".{Path.GetFileName(folder.TrimEnd(Path.DirectorySeparatorChar))}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(fresh);
        else
            Directory.CreateDirectory(fresh, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Write(Path.Combine(fresh, EpochFile(1)));
        Write(Path.Combine(fresh, ServiceFile));
        LogKeyFile.Create(fresh, origin ?? LogKeyFile.DefaultOrigin());
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
        Directory.Move(fresh, folder);
    }

    /// <exception cref="InvalidOperationException">Says what is missing or wrong, and what to do.</exception>
    public static KeyFolder Open(string folder)
    {
        var service = Path.Combine(folder, ServiceFile);
        if (!File.Exists(service))
            throw new InvalidOperationException($"'{folder}' holds no keys: make them with `ledger key new --keys {folder}`, or bring back the folder that this database was used with");
        var epochs = new Dictionary<int, byte[]>();
        foreach (var file in Directory.EnumerateFiles(folder, "epoch-*.key"))
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(file).AsSpan("epoch-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
                epochs.Add(epoch, Read(file));
        }
        if (epochs.Count == 0)
            throw new InvalidOperationException($"'{folder}' holds no epoch key: the keys of the jobs cannot be opened without it");
        return new KeyFolder(folder, Read(service), epochs);
    }

    /// <summary>A fresh job key, wrapped under the current epoch's key.</summary>
    public (JobKey Key, byte[] Wrapped) NewJobKey(JobId job)
    {
        var key = RandomNumberGenerator.GetBytes(JobKey.Size);
        return (new JobKey(job, key), Seal.Close(_epochs[CurrentEpoch], key, WrapContext(job)));
    }

    /// <summary>Opens a job's key; null when the epoch's key was destroyed.</summary>
    public JobKey? OpenJobKey(JobId job, int epoch, ReadOnlySpan<byte> wrapped) =>
        _epochs.TryGetValue(epoch, out var epochKey) ? new JobKey(job, Seal.Open(epochKey, wrapped, WrapContext(job))) : null;

    /// <summary>Seals an API client's secret for the database.</summary>
    public byte[] SealSecret(string clientId, string secretId, byte[] secret) => Seal.Close(_secretsKey, secret, SecretContext(clientId, secretId));

    public byte[] OpenSecret(string clientId, string secretId, ReadOnlySpan<byte> sealedSecret) => Seal.Open(_secretsKey, sealedSecret, SecretContext(clientId, secretId));

    /// <summary>Seals what a bot's webhook is signed with.</summary>
    public byte[] SealWebhookSecret(string botId, byte[] secret) => Seal.Close(_secretsKey, secret, WebhookContext(botId));

    public byte[] OpenWebhookSecret(string botId, ReadOnlySpan<byte> sealedSecret) => Seal.Open(_secretsKey, sealedSecret, WebhookContext(botId));

    private static string EpochFile(int epoch) => $"epoch-{epoch:D6}.key";

    private static byte[] WrapContext(JobId job) => Encoding.UTF8.GetBytes($"job-key\n{job}");

    private static byte[] SecretContext(string clientId, string secretId) => Encoding.UTF8.GetBytes($"client-secret\n{clientId}\n{secretId}");

    private static byte[] WebhookContext(string botId) => Encoding.UTF8.GetBytes($"webhook-secret\n{botId}");

    private static void Write(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var stream = new FileStream(file, options);
        stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize)) + "\n"));
        stream.Flush(flushToDisk: true);
    }

    private static byte[] Read(string file)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != UnixFileMode.None)
            throw new InvalidOperationException($"'{file}' can be read by others: `chmod 600 {file}` (and if others had access, treat the key as known to them)");
        Span<byte> key = stackalloc byte[KeySize];
        if (!Convert.TryFromBase64String(File.ReadAllText(file).Trim(), key, out var length) || length != KeySize)
            throw new InvalidOperationException($"'{file}' is not a key of the ledger: {KeySize} bytes in base64 are expected");
        return key.ToArray();
    }
}
