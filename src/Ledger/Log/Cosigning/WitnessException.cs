namespace Ledger.Log.Cosigning;

/// <summary>A witness cannot start or go on. The message says why, and what to do.</summary>
public sealed class WitnessException(string message, Exception? inner = null) : Exception(message, inner);
