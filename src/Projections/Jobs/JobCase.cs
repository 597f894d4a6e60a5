using Ledger.Contracts.Jobs;

namespace Ledger.Projections.Jobs;

/// <summary>The case behind a job, as far as its events tell it. They hold no reference in plain.</summary>
/// <param name="Basis">The ground of the request. Null if it was not told.</param>
/// <param name="ReceivedOn">The day of its receipt. Null if it was not told.</param>
/// <param name="DueOn">The last day on which the deletion is in time, after all extensions. Null if there is none.</param>
/// <param name="HasReference">True if the client told a reference, which is sealed with the request.</param>
/// <param name="Extended">Number of times that the deadline was moved.</param>
/// <param name="ExtendedFor">The reason of the latest extension. Null before one.</param>
public sealed record JobCase(
    CaseBasis? Basis, DateOnly? ReceivedOn, DateOnly? DueOn, bool HasReference, int Extended = 0, string? ExtendedFor = null);
