namespace Ledger.Contracts.Transparency;

/// <summary>
/// The error for a proof that is well-formed but not true. A signature, a hash or a rule does not hold. The message says which, in plain
/// words. A malformed proof is a <see cref="FormatException"/>.
/// </summary>
public sealed class InvalidProofException(string message) : Exception(message);
