using System.Globalization;
using System.Text.Json;
using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>The case behind a job in words. They are the same in proofs, certificates, mail and pages.</summary>
public static class CaseText
{
    /// <summary><c>gdpr_17_1_b, received on 2026-05-02, due on 2026-06-02</c></summary>
    public static string Of(CaseFact fact) => Of(fact.Basis, fact.ReceivedOn, fact.FirstDueOn, fact.ReferenceCommitment is not null);

    /// <summary>The same, of its parts. Null where nothing was told.</summary>
    public static string Of(CaseBasis? basis, DateOnly? receivedOn, DateOnly? dueOn, bool hasReference)
    {
        var said = new List<string>();
        if (basis is { } ground)
            said.Add(Of(ground));
        if (receivedOn is { } received)
            said.Add($"received on {Of(received)}");
        said.Add(dueOn is { } due ? $"due on {Of(due)}" : "without a due date");
        if (hasReference)
            said.Add("with a reference, which is not shown");
        return string.Join(", ", said);
    }

    /// <summary><c>to 2026-08-02, at 2026-05-20T09:00:00.000Z by API client cs-1: many requests</c></summary>
    public static string Of(ExtensionFact extension) =>
        $"to {Of(extension.DueOn)}, at {Instant.Text(extension.At)} by API client {extension.Client}: {extension.Reason}";

    /// <summary>The name of a basis, as events write it.</summary>
    public static string Of(CaseBasis basis) => JsonSerializer.SerializeToElement(basis, LedgerJson.Facts.CaseBasis).GetString()!;

    /// <summary><c>2026-05-02</c></summary>
    public static string Of(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
