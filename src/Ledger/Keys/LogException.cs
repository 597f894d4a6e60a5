namespace Ledger.Keys;

/// <summary>The log cannot go on, and must not: the message says why and what to do, for the operator.</summary>
public sealed class LogException(string message, Exception? inner = null) : Exception(message, inner);
