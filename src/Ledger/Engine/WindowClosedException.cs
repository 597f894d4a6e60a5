namespace Ledger.Engine;

/// <summary>The closing has come before the work was done: nothing of it may be committed.</summary>
public sealed class WindowClosedException() : Exception("the window has closed");
