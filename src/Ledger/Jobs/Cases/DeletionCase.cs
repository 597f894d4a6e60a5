using Ledger.Contracts.Identifiers;
using Ledger.Contracts.Jobs;
using Ledger.Keys;

namespace Ledger.Jobs.Cases;

/// <summary>
/// The request behind a deletion, as the client told it, already checked against contract §1. The reference can be personal data, so never
/// log it.
/// </summary>
/// <param name="Reference">The client's own reference. Null if it was not sent.</param>
/// <param name="ReceivedOn">The day of receipt. Null if it was not sent.</param>
/// <param name="Basis">The ground of the request. Null if it was not sent.</param>
/// <param name="DueOn">The last day on which the deletion is in time: as sent, or <see cref="DefaultDueOn"/>.</param>
public sealed record DeletionCase(string? Reference, DateOnly? ReceivedOn, CaseBasis? Basis, DateOnly? DueOn)
{
    /// <summary>Days that the CCPA gives from the receipt of a request.</summary>
    private const int CcpaDays = 45;

    /// <summary>Months that the GDPR gives from the receipt of a request. A day that the later month lacks is its last day.</summary>
    private const int GdprMonths = 1;

    /// <summary>
    /// The deadline of a case for which none was sent. Null without a day of receipt, because a deadline is not guessed at.
    /// </summary>
    public static DateOnly? DefaultDueOn(CaseBasis? basis, DateOnly? receivedOn) => (basis, receivedOn) switch
    {
        (null or CaseBasis.Other, _) or (_, null) => null,
        (CaseBasis.Ccpa, { } day) => day.AddDays(CcpaDays),
        (_, { } day) => day.AddMonths(GdprMonths),
    };

    /// <summary>The event that tells the case. It has a commitment to the reference in place of it.</summary>
    public CaseRecorded Recorded(JobKey key) =>
        new(Basis, ReceivedOn, DueOn, Reference is null ? null : key.Commit(IdentifierKind.Reference, Reference));

    /// <summary>The type's name without its members: the reference can be personal data.</summary>
    public override string ToString() => nameof(DeletionCase);
}
