using Wolverine;
using Wolverine.Runtime.Serialization;
using Wolverine.Util;

namespace Ledger.Engine;

/// <summary>
/// A message as the engine's table has it, for programs in which the engine does not run. A node finds it there within a second or two, as
/// it finds those of a node that died.
/// </summary>
/// <param name="Type">Its kind's name.</param>
/// <param name="Queue">The queue in which it is handled.</param>
/// <param name="Body">The whole of it.</param>
internal sealed record StoredMessage(string Type, string Queue, byte[] Body)
{
    private static readonly SystemTextJsonSerializer s_json = new(SystemTextJsonSerializer.DefaultOptions());

    /// <summary>A message that is due.</summary>
    /// <param name="id">The engine's id of it, which nothing else has.</param>
    /// <param name="message">It names a window or a delivery, and never a conversation or a person.</param>
    public static StoredMessage Of(Guid id, object message)
    {
        var type = message.GetType().ToMessageTypeName();
        var queue = new Uri($"local://{type}");
        var envelope = new Envelope
        {
            Id = id,
            MessageType = type,
            Data = s_json.WriteMessage(message),
            ContentType = s_json.ContentType,
            Destination = queue,
            SentAt = TimeProvider.System.GetUtcNow(),
        };
        return new StoredMessage(type, queue.ToString(), EnvelopeSerializer.Serialize(envelope));
    }
}
