using Npgsql;
using Wolverine;
using Wolverine.RDBMS;
using Wolverine.Runtime;

namespace Ledger.Engine;

/// <summary>Sends messages. This one sends none: it is for programs that end before anybody could handle them.</summary>
public class Messages
{
    /// <summary>Messages that are sent if a transaction is committed.</summary>
    /// <returns>Null: none are sent.</returns>
    public virtual ValueTask<Outbox?> EnlistAsync(NpgsqlTransaction transaction) => ValueTask.FromResult<Outbox?>(null);

    /// <summary>Sends a message that may be lost.</summary>
    public virtual Task SendAsync(object message, TimeSpan delay) => Task.CompletedTask;
}

/// <summary>A node's: the engine's.</summary>
internal sealed class EngineMessages(IWolverineRuntime runtime) : Messages
{
    public override async ValueTask<Outbox?> EnlistAsync(NpgsqlTransaction transaction)
    {
        var context = new MessageContext(runtime);
        await context.EnlistInOutboxAsync(new DatabaseEnvelopeTransaction((IMessageDatabase)runtime.Storage, transaction));
        return new Outbox(context);
    }

    public override async Task SendAsync(object message, TimeSpan delay)
    {
        try
        {
            await Outbox.SendAsync(new MessageBus(runtime), message, delay);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It may be lost: the database is away, or the engine has stopped.
        }
    }
}

/// <summary>The messages of one transaction. They are stored in it, and lie still until it is committed.</summary>
public sealed class Outbox
{
    private readonly MessageContext _context;

    internal Outbox(MessageContext context) => _context = context;

    /// <summary>Stores a message.</summary>
    /// <param name="message">It names a window or a delivery, and never a conversation or a person.</param>
    /// <param name="delay">Until it is due. It is added to this process's clock; none: at once.</param>
    public ValueTask SendAsync(object message, TimeSpan delay) => SendAsync(_context, message, delay);

    /// <summary>Begins to handle them, once they are committed. They are handled later if this fails.</summary>
    internal async Task FlushAsync()
    {
        try
        {
            await _context.FlushOutgoingMessagesAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // What is committed is committed. The engine's own look at its tables finds the messages.
        }
    }

    internal static ValueTask SendAsync(IMessageBus bus, object message, TimeSpan delay) => delay > TimeSpan.Zero
        ? bus.PublishAsync(message, new DeliveryOptions { ScheduleDelay = delay })
        : bus.PublishAsync(message);
}
