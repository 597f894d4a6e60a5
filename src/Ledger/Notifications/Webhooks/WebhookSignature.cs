using System.Security.Cryptography;
using System.Text;

namespace Ledger.Notifications.Webhooks;

/// <summary>
/// Standard Webhooks 1.0.0, symmetric: <c>v1,</c> and HMAC-SHA256 of <c>{id}.{timestamp}.{body}</c> in base64. Secrets are shown as
/// <c>whsec_</c> and base64.
/// </summary>
public static class WebhookSignature
{
    public const string SecretPrefix = "whsec_";

    /// <summary>Number of bytes of a secret. The specification wants 24 to 64.</summary>
    private const int SecretSize = 32;

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretSize);

    /// <summary>The secret as its receiver is given it.</summary>
    public static string Text(byte[] secret) => SecretPrefix + Convert.ToBase64String(secret);

    /// <summary>The value of <c>webhook-signature</c>.</summary>
    /// <param name="id">The message's id, without a full stop.</param>
    /// <param name="timestamp">The instant of the attempt, in Unix seconds.</param>
    public static string Sign(byte[] secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes($"{id}.{timestamp}.");
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, (byte[])[.. head, .. body]));
    }
}
