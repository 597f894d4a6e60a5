namespace Ledger.Keys;

/// <summary>The log cannot go on, and must not. The message tells the operator why, and what to do.</summary>
public sealed class LogException(string message, Exception? inner = null) : Exception(message, inner);
