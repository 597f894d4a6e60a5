using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger.Contracts.Jobs;

/// <summary>
/// A deletion job's public name: <c>cdj-</c> and a version-5 UUID in lower case (RFC 9562 §5.5). The same UUID is the id of
/// the job's event stream. The UUID's name is an HMAC under a secret of the service. So nobody can guess an idempotency key
/// from the id or from anything recorded.
/// </summary>
[JsonConverter(typeof(JobIdConverter))]
[Description("`cdj-` and a version-5 UUID.")]
public readonly record struct JobId(Guid Value)
{
    public const string Prefix = "cdj-";

    /// <summary>The format of a job id, as a regular expression.</summary>
    public const string Pattern = "^cdj-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

    /// <summary>The UUID namespace of deletion jobs; a constant of the format, not a secret.</summary>
    private static readonly Guid Namespace = new("6f2d1c0e-2c55-5e0e-9d0b-6c9f3b6a8a11");

    /// <summary>The id of the job that <paramref name="idempotencyKey"/> names for one bot: the same inputs give the same id.</summary>
    /// <param name="serviceSecret">The service's secret for job ids, at least 32 bytes.</param>
    /// <param name="botId">The bot, as in the path.</param>
    /// <param name="idempotencyKey">1 to 255 visible ASCII characters.</param>
    public static JobId FromIdempotencyKey(ReadOnlySpan<byte> serviceSecret, string botId, string idempotencyKey) =>
        FromName(NameOf(serviceSecret, botId, idempotencyKey));

    /// <summary>The name that an idempotency key gives to what it names: 32 bytes, from which nobody can guess the key.</summary>
    internal static byte[] NameOf(ReadOnlySpan<byte> serviceSecret, string botId, string idempotencyKey)
    {
        // Length-prefixed, so that no other split of the same characters gives the same bytes.
        var bot = Encoding.UTF8.GetBytes(botId);
        var key = Encoding.UTF8.GetBytes(idempotencyKey);
        var message = new byte[4 + bot.Length + key.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, bot.Length);
        bot.CopyTo(message, 4);
        key.CopyTo(message, 4 + bot.Length);
        return HMACSHA256.HashData(serviceSecret, message);
    }

    /// <summary>The id of a job submitted without an idempotency key.</summary>
    /// <param name="random">32 fresh random bytes.</param>
    public static JobId FromRandomness(ReadOnlySpan<byte> random)
    {
        if (random.Length < 32)
            throw new ArgumentException("32 random bytes are needed", nameof(random));
        return FromName(random);
    }

    /// <summary>Reads <c>cdj-xxxxxxxx-xxxx-5xxx-xxxx-xxxxxxxxxxxx</c>. Anything else is not a job id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out JobId id)
    {
        id = default;
        if (text is null
            || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Guid.TryParseExact(text.AsSpan(Prefix.Length), "D", out var value))
            return false;
        id = new JobId(value);
        return id.ToString() == text && value.Version == 5;
    }

    public override string ToString() => Prefix + Value.ToString("D");

    private static JobId FromName(ReadOnlySpan<byte> name) => new(NamedUuid.Create(Namespace, name));
}

/// <summary>A job id as its text.</summary>
public sealed class JobIdConverter : JsonConverter<JobId>
{
    /// <exception cref="JsonException">The text is not a job id.</exception>
    public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && JobId.TryParse(reader.GetString(), out var id)
            ? id
            : throw new JsonException("not a job id");

    public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
