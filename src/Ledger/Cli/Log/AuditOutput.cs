using Ledger.Audit;
using Ledger.Audit.Mirror;

namespace Ledger.Cli.Log;

/// <summary>The output for the results of an audit.</summary>
internal abstract class AuditOutput : IDisposable
{
    /// <param name="what"><c>database</c> or <c>mirror</c></param>
    public abstract void Report(string what, AuditReport report);

    /// <summary>Reports the work that a mirror has and a database lacks.</summary>
    /// <param name="common">Leaves that both have.</param>
    /// <param name="size">Leaves of the mirror.</param>
    public abstract Task LostAsync(
        long common, long size, IAsyncEnumerable<LostJob> jobs, IAsyncEnumerable<LostErasure> erasures,
        IAsyncEnumerable<LostForgetting> forgettings);

    public virtual void Dispose() { }
}
