using System.ComponentModel;
using Ledger.Contracts.Jobs;

namespace Ledger.Projections.Status;

[Description("The request behind the job, as its client told it. Only that client is shown it. Null where nothing was told.")]
public sealed record ShownCase(
    [property: Description("The client's own reference; null also once the job's key is destroyed.")] string? Reference,
    [property: Description("The day on which the client received the request.")] DateOnly? ReceivedOn,
    CaseBasis? Basis,
    [property: Description("The last day on which the deletion is in time, after all extensions.")] DateOnly? DueOn)
{
    /// <summary>The type's name without its members: the reference can be personal data.</summary>
    public override string ToString() => nameof(ShownCase);
}
