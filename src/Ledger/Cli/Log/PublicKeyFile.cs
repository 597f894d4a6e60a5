using System.Security.Cryptography;
using Ledger.Contracts.Registry;

namespace Ledger.Cli.Log;

/// <summary>The file with an API client's public key.</summary>
internal static class PublicKeyFile
{
    private const int SmallestRsaBits = 2048;
    private const int P256Bits = 256;
    private const int MostBytes = 64 * 1024;

    /// <summary>The key as PEM; null for the algorithms that take a secret.</summary>
    /// <exception cref="CommandException">The file does not fit the algorithm.</exception>
    public static async Task<string?> ReadAsync(TokenAlgorithm algorithm, string? file, CancellationToken cancel)
    {
        var takesKey = algorithm is TokenAlgorithm.RS256 or TokenAlgorithm.RS512 or TokenAlgorithm.ES256;
        if (!takesKey)
            return file is null
                ? null
                : throw CommandException.Usage(
                    $"{algorithm} takes a secret, which is made here: leave --public-key out, or choose RS256, RS512 or ES256 with --alg");
        if (file is null)
            throw CommandException.Usage($"{algorithm} needs the client's public key: --public-key FILE (PEM)");
        var pem = await GivenText.ReadAsync("--public-key", "the public key", file, MostBytes, cancel);
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
            throw new CommandException(
                $"{file} holds a private key, which belongs to the client alone: give its public key (`openssl pkey -in KEY -pubout`)");
        try
        {
            return Export(algorithm, pem);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new CommandException(
                $"{file} is no public key for {algorithm}: it must be PEM, RSA of at least {SmallestRsaBits} bits for RS256 and RS512, "
                + "P-256 for ES256"
            );
        }
    }

    /// <summary>Written anew, so that the same key in another dress is the same registration.</summary>
    private static string Export(TokenAlgorithm algorithm, string pem)
    {
        if (algorithm == TokenAlgorithm.ES256)
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);
            return ecdsa.KeySize == P256Bits ? ecdsa.ExportSubjectPublicKeyInfoPem() : throw new CryptographicException("another curve");
        }
        using var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        return rsa.KeySize >= SmallestRsaBits ? rsa.ExportSubjectPublicKeyInfoPem() : throw new CryptographicException("too short");
    }
}
