using System.Globalization;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Jobs.Cases;
using Ledger.Web;

namespace Ledger.Api.Cases;

/// <summary>The <c>case</c> of a submitted body, and the problems found in it (contract §1).</summary>
/// <param name="problems">Receives the problems. None quotes the body.</param>
internal sealed class CaseMembers(ProblemList problems)
{
    internal const string Reference = "reference", ReceivedOn = "receivedOn", Basis = "basis", DueOn = "dueOn";
    internal const string DayRule = "must be a date, YYYY-MM-DD";

    private static readonly string[] s_names = [Reference, ReceivedOn, Basis, DueOn];
    private static readonly Dictionary<string, CaseBasis> s_bases =
        Enum.GetValues<CaseBasis>().ToDictionary(CaseText.Of, StringComparer.Ordinal);

    private Dictionary<string, string?> _sent = [];

    /// <summary>Reads the value to its end.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            problems.Add("case must be a JSON object");
            reader.Skip();
            return;
        }
        (_sent, var isBroken) = TextMembers.Read(ref reader, s_names, "case.", problems);
        if (_sent.Count == 0 && !isBroken)
            problems.Add("case is empty: it must have reference, receivedOn, basis or dueOn");
    }

    /// <summary>The case. It counts only if there are no problems.</summary>
    /// <param name="now">The instant of submission. It defines "today".</param>
    public DeletionCase Check(DateTimeOffset now)
    {
        var isSent = _sent.TryGetValue(Reference, out var reference);
        if (isSent && (reference is null || !Limits.IsVisible(reference, Limits.ReferenceCharacters)))
            problems.Add(
                $"case.{Reference} must be a string of 1 to {Limits.ReferenceCharacters} visible characters, without spaces at its ends");
        var (received, due, basis) = (Day(ReceivedOn), Day(DueOn), BasisOf());
        if (received > DateOnly.FromDateTime(now.UtcDateTime))
            problems.Add($"case.{ReceivedOn} must not be after today (in UTC)");
        if (due < received)
            problems.Add($"case.{DueOn} must not be before case.{ReceivedOn}");
        return new DeletionCase(reference, received, basis, due ?? DeletionCase.DefaultDueOn(basis, received));
    }

    /// <summary>The request's canonical form with the case behind it, as sent. A default is no part of it.</summary>
    public byte[] Canonical(byte[] request) =>
        CanonicalRequest.WithCase(request, [.. s_names.Select(name => _sent.GetValueOrDefault(name))]);

    /// <summary>The day that a text names, as <c>2026-05-08</c>; null: none.</summary>
    internal static DateOnly? DayOf(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private DateOnly? Day(string name)
    {
        if (!_sent.TryGetValue(name, out var text))
            return null;
        var day = DayOf(text);
        if (day is null)
            problems.Add($"case.{name} {DayRule}");
        return day;
    }

    private CaseBasis? BasisOf()
    {
        if (!_sent.TryGetValue(Basis, out var name))
            return null;
        if (name is not null && s_bases.TryGetValue(name, out var basis))
            return basis;
        problems.Add($"case.{Basis} must be one of {string.Join(", ", s_bases.Keys)}");
        return null;
    }
}
