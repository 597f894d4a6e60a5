using System.Security.Cryptography;

namespace Ledger.Keys;

/// <summary>A symmetric key as a line of a file: base64.</summary>
internal static class KeyLine
{
    /// <summary>Number of bytes of a key.</summary>
    public const int Size = 32;

    public static string Fresh() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size));

    /// <exception cref="InvalidOperationException">The file holds no key.</exception>
    public static byte[] Read(string file)
    {
        var line = KeyFiles.Read(file, "treat the key as known to them", problem => new InvalidOperationException(problem));
        Span<byte> key = stackalloc byte[Size];
        if (!Convert.TryFromBase64String(line, key, out var length) || length != Size)
            throw new InvalidOperationException($"'{file}' is not a key of the ledger: {Size} bytes in base64 are expected");
        return key.ToArray();
    }
}
