using Ledger.Contracts;

namespace Ledger.Projections;

/// <summary>The type of the log's own stream, which has no document.</summary>
public sealed record LogStream;

/// <summary>The type of the whole ledger's stream, which has no document.</summary>
public sealed record LedgerStream;

/// <summary>
/// The streams. A job's id is that of its job id, and a legal hold's that of its hold id. All others are derived from their names.
/// </summary>
public static class StreamIds
{
    public const string JobType = "job";
    public const string BotType = "bot";
    public const string ClientType = "api_client";
    public const string WindowType = "deletion_window";
    public const string HoldType = "legal_hold";
    public const string LogType = "log_stream";
    public const string LedgerType = "ledger_stream";

    private static readonly Guid Namespace = new("0b9a0c8e-7a57-5d0c-8f0e-52d6e0b4d3b7");

    /// <summary>The one stream of the transparency log's own events.</summary>
    public static Guid Log { get; } = NamedUuid.Create(Namespace, "log");

    /// <summary>The one stream of what concerns the whole ledger, such as its epoch keys.</summary>
    public static Guid Ledger { get; } = NamedUuid.Create(Namespace, "ledger");

    public static Guid Bot(string botId) => NamedUuid.Create(Namespace, $"bot\n{botId}");

    public static Guid Client(string clientId) => NamedUuid.Create(Namespace, $"api_client\n{clientId}");

    public static Guid Window(string name) => NamedUuid.Create(Namespace, $"window\n{name}");
}
