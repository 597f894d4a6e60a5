namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>A rule of jobs that a history breaks: docs/formats.md, "What a checker checks".</summary>
/// <param name="Sentence">The breach in a verifier's words, without an identifier.</param>
/// <param name="Expected">The thing that the rule asks for; null: the sentence says enough.</param>
/// <param name="Found">The thing that is there; null as <paramref name="Expected"/> is.</param>
internal sealed record BrokenRule(string Sentence, string? Expected = null, string? Found = null);
