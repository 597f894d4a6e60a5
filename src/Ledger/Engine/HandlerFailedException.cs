using Ledger.Database;
using Wolverine.Persistence.Durability;

namespace Ledger.Engine;

/// <summary>
/// A handler has failed. This exception replaces the failure itself, because the engine stores and logs the texts of exceptions. A text
/// that another program wrote may quote an address or an identifier. So this one has no such text, and no inner exception.
/// </summary>
internal sealed class HandlerFailedException(Exception cause)
    : Exception($"the message could not be handled: {Failure.Describe(cause)}"), IDeadLetterExceptionInfo
{
    /// <summary>The types of what failed and of its causes, with SQLSTATEs.</summary>
    public string ExceptionType { get; } = Failure.Describe(cause);

    /// <summary>Says no more.</summary>
    public string ExceptionMessage => Message;

    /// <summary>Runs a handler's work.</summary>
    /// <exception cref="HandlerFailedException">It failed.</exception>
    public static async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            throw new HandlerFailedException(e);
        }
    }
}
