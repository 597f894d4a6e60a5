using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ledger.Contracts.Transparency;

/// <summary>
/// Ed25519 (RFC 8032) by OpenSSL's libcrypto, which .NET on Linux already needs; .NET 10 has none of its own. The only native calls of this project.
/// </summary>
public static partial class Ed25519
{
    /// <summary>Bytes of a seed (the private key of RFC 8032 §5.1.5) and of a public key.</summary>
    public const int KeySize = 32;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureSize = 64;

    private const string Library = "libcrypto";
    private const int KeyType = 1087; // EVP_PKEY_ED25519

    static Ed25519() => NativeLibrary.SetDllImportResolver(typeof(Ed25519).Assembly, Resolve);

    /// <summary>The public key of a seed.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> seed)
    {
        using var key = PrivateKey(seed);
        var result = new byte[KeySize];
        nuint length = KeySize;
        Succeeded(EVP_PKEY_get_raw_public_key(key, result, ref length));
        return result;
    }

    /// <summary>Signs a message; the same seed and message give the same signature.</summary>
    public static byte[] Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        using var key = PrivateKey(seed);
        using var context = Succeeded(EVP_MD_CTX_new());
        Succeeded(EVP_DigestSignInit(context, 0, 0, 0, key));
        var signature = new byte[SignatureSize];
        nuint length = SignatureSize;
        Succeeded(EVP_DigestSign(context, signature, ref length, message, (nuint)message.Length));
        return signature;
    }

    /// <summary>Whether the signature is the key's over the message. Anything of a wrong length is not.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeySize || signature.Length != SignatureSize)
            return false;
        using var key = EVP_PKEY_new_raw_public_key(KeyType, 0, publicKey, KeySize);
        if (key.IsInvalid)
            return false;
        using var context = Succeeded(EVP_MD_CTX_new());
        Succeeded(EVP_DigestVerifyInit(context, 0, 0, 0, key));
        return EVP_DigestVerify(context, signature, SignatureSize, message, (nuint)message.Length) == 1;
    }

    private static Key PrivateKey(ReadOnlySpan<byte> seed) => seed.Length == KeySize
        ? Succeeded(EVP_PKEY_new_raw_private_key(KeyType, 0, seed, KeySize))
        : throw new ArgumentException($"a seed has {KeySize} bytes", nameof(seed));

    private static void Succeeded(int result)
    {
        if (result != 1)
            throw new CryptographicException("OpenSSL refused an Ed25519 operation");
    }

    private static T Succeeded<T>(T handle)
        where T : SafeHandle => handle.IsInvalid ? throw new CryptographicException("OpenSSL refused an Ed25519 operation") : handle;

    /// <summary>By the names that systems give it; OpenSSL 1.1.1 has all that is called here.</summary>
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
            return 0;
        foreach (var candidate in new[] { "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib", "libcrypto-3-x64.dll", "libcrypto.so", "libcrypto.dylib" })
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
                return handle;
        }
        throw new DllNotFoundException("OpenSSL's libcrypto is needed for Ed25519 signatures and was not found: install OpenSSL 3 (Debian's libssl3)");
    }

    internal sealed class Key() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    internal sealed class Context() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            EVP_MD_CTX_free(handle);
            return true;
        }
    }

    [LibraryImport(Library)]
    private static partial Key EVP_PKEY_new_raw_private_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    private static partial Key EVP_PKEY_new_raw_public_key(int type, nint engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_raw_public_key(Key key, Span<byte> result, ref nuint length);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial Context EVP_MD_CTX_new();

    [LibraryImport(Library)]
    private static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSignInit(Context context, nint keyContext, nint digest, nint engine, Key key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSign(Context context, Span<byte> signature, ref nuint signatureLength, ReadOnlySpan<byte> message, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_DigestVerifyInit(Context context, nint keyContext, nint digest, nint engine, Key key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestVerify(Context context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> message, nuint length);
}
