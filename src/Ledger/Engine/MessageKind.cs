using Wolverine;

namespace Ledger.Engine;

/// <summary>One kind of message.</summary>
/// <param name="Example">A message of the kind. It is never sent.</param>
/// <param name="Handler">The class that handles it.</param>
/// <param name="Configure">Its queue, and what follows when it fails.</param>
internal sealed record MessageKind(object Example, Type Handler, Action<WolverineOptions> Configure)
{
    /// <summary>The handler logs what fails, in words. The engine need not log it too.</summary>
    public bool IsQuiet { get; init; }
}
