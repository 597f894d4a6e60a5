using Ledger.Database;
using Wolverine.Persistence.Durability;

namespace Ledger.Engine;

/// <summary>
/// What leaves a handler that failed, in place of the failure itself. The engine stores the texts of exceptions and logs them, and a text
/// that another program wrote may quote an address or an identifier. So there is no such text, and no inner exception.
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
