namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>A rule of jobs that a history breaks: docs/formats.md, "What a checker checks".</summary>
/// <param name="Sentence">The breach in a verifier's words, without an identifier.</param>
/// <param name="Expected">The thing that the rule asks for. Null if the sentence says enough.</param>
/// <param name="Found">The thing that is there. Null if <paramref name="Expected"/> is.</param>
internal sealed record BrokenRule(string Sentence, string? Expected = null, string? Found = null);
