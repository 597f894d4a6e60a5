using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Registry;

/// <summary>
/// A legal hold's public name: <c>lh-</c> and a version-5 UUID in lower case, made as a job's is (<see cref="JobId"/>). The same UUID is
/// the id of the hold's event stream.
/// </summary>
[JsonConverter(typeof(HoldIdConverter))]
[Description("`lh-` and a version-5 UUID.")]
public readonly record struct HoldId(Guid Value)
{
    public const string Prefix = "lh-";

    /// <summary>The format of a hold's id, as a regular expression.</summary>
    public const string Pattern = "^lh-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

    /// <summary>The UUID namespace of legal holds; a constant of the format, not a secret.</summary>
    private static readonly Guid Namespace = new("b1c6f5a4-6a3e-5d7b-9c55-3f0e7a94d2c8");

    /// <summary>The id of the hold that <paramref name="idempotencyKey"/> names for one bot: the same inputs give the same id.</summary>
    /// <param name="serviceSecret">The service's secret for job ids, at least 32 bytes.</param>
    /// <param name="botId">The bot, as in the path.</param>
    /// <param name="idempotencyKey">1 to 255 visible ASCII characters.</param>
    public static HoldId FromIdempotencyKey(ReadOnlySpan<byte> serviceSecret, string botId, string idempotencyKey) =>
        new(NamedUuid.Create(Namespace, JobId.NameOf(serviceSecret, botId, idempotencyKey)));

    /// <summary>The id of a hold that was placed without an idempotency key.</summary>
    /// <param name="random">32 fresh random bytes.</param>
    public static HoldId FromRandomness(ReadOnlySpan<byte> random)
    {
        if (random.Length < 32)
            throw new ArgumentException("32 random bytes are needed", nameof(random));
        return new HoldId(NamedUuid.Create(Namespace, random));
    }

    /// <summary>Reads <c>lh-xxxxxxxx-xxxx-5xxx-xxxx-xxxxxxxxxxxx</c>. Anything else is not a hold's id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out HoldId id)
    {
        id = default;
        if (text is null
            || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Guid.TryParseExact(text.AsSpan(Prefix.Length), "D", out var value))
            return false;
        id = new HoldId(value);
        return id.ToString() == text && value.Version == 5;
    }

    public override string ToString() => Prefix + Value.ToString("D");
}

/// <summary>A hold's id as its text.</summary>
public sealed class HoldIdConverter : JsonConverter<HoldId>
{
    /// <exception cref="JsonException">The text is not a hold's id.</exception>
    public override HoldId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && HoldId.TryParse(reader.GetString(), out var id)
            ? id
            : throw new JsonException("not a legal hold's id");

    public override void Write(Utf8JsonWriter writer, HoldId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
