using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Keys;

namespace Ledger.Holds;

/// <summary>
/// A hold's key and its sealed list. They are kept as a job's are, in the same table, so that a rotation of the epochs treats them alike.
/// </summary>
internal static class HoldSecrets
{
    /// <summary>The name under which the key is kept. No job has it.</summary>
    public static JobId Of(HoldId hold) => new(hold.Value);

    /// <summary>Seals a list under the hold's key.</summary>
    public static byte[] Seal(JobKey key, HeldIdentifiers held) => key.Seal(SealedKind.Hold, 0, held.Write());

    /// <summary>Opens the key and the list.</summary>
    /// <returns>Null if the key was destroyed, because the hold has ended.</returns>
    /// <exception cref="KeyFolderBehindException">The key folder lacks the key of their epoch.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">They are damaged.</exception>
    public static (JobKey Key, HeldIdentifiers Held)? Open(KeyFolder keys, HoldId hold, JobSecrets secrets) =>
        keys.OpenJobKey(Of(hold), secrets.Epoch, secrets.WrappedKey) is { } key
            ? (key, HeldIdentifiers.Read(key.Unseal(SealedKind.Hold, 0, secrets.SealedRequest)))
            : null;
}
