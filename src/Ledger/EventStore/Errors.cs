namespace Ledger.EventStore;

/// <summary>Another writer appended first. Read the stream again and decide anew; after several lost races answer 409.</summary>
public sealed class WrongExpectedVersionException(Guid stream, long expected, Exception? inner = null)
    : Exception($"stream {stream} is not at version {expected}", inner);

/// <summary>The connection died while committing, and reading back failed too: it may or may not have been recorded.</summary>
public sealed class OutcomeUnknownException(Exception inner) : Exception("the outcome of the commit could not be learnt", inner);
