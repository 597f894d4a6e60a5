using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Digests;

namespace Ledger.Contracts;

/// <summary>
/// SHA-256 (FIPS 180-4). The service has it from .NET, which calls the system's library. Programs that must run without that library,
/// such as <c>erasure-verify</c>, switch to managed code. They cannot try .NET first: on Linux it ends the process when OpenSSL is
/// absent.
/// </summary>
public static class Sha256
{
    /// <summary>Bytes of a hash.</summary>
    public const int Size = 32;

    /// <summary>The switch of a program's project file (RuntimeHostConfigurationOption), fixed when the program is trimmed.</summary>
    [FeatureSwitchDefinition("Ledger.ManagedHashes")]
    private static bool IsManaged => AppContext.TryGetSwitch("Ledger.ManagedHashes", out var isOn) && isOn;

    public static byte[] Of(ReadOnlySpan<byte> message) => IsManaged ? Managed(message) : SHA256.HashData(message);

    /// <summary>The hash by managed code, whatever the switch says.</summary>
    public static byte[] Managed(ReadOnlySpan<byte> message)
    {
        var digest = new Sha256Digest();
        digest.BlockUpdate(message);
        var hash = new byte[Size];
        digest.DoFinal(hash);
        return hash;
    }
}
