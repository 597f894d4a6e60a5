using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.Tests.Http;

/// <summary>Signs tokens by RFC 7515 alone, without the library that verifies them.</summary>
internal static class Tokens
{
    public static string Sign(string algorithm, string payload, Func<byte[], byte[]> signature, string? header = null)
    {
        var signed = $"{Encode(header ?? $$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(signature(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string HS256(byte[] secret, string payload, string? header = null) =>
        Sign("HS256", payload, signed => HMACSHA256.HashData(secret, signed), header);

    public static string HS512(byte[] secret, string payload) => Sign("HS512", payload, signed => HMACSHA512.HashData(secret, signed));

    public static string RS256(RSA key, string payload) =>
        Sign("RS256", payload, signed => key.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string RS512(RSA key, string payload) =>
        Sign("RS512", payload, signed => key.SignData(signed, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1));

    public static string ES256(ECDsa key, string payload) =>
        Sign("ES256", payload, signed => key.SignData(signed, HashAlgorithmName.SHA256));

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
