namespace Ledger.Contracts.Transparency;

/// <summary>
/// Well-formed, but not true: a signature, a hash or a rule does not hold. The message says which, in plain words. What is not well-formed
/// is a <see cref="FormatException"/>.
/// </summary>
public sealed class InvalidProofException(string message) : Exception(message);
