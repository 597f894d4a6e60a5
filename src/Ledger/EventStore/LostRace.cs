using JasperFx.Events;
using Marten.Exceptions;
using Npgsql;

namespace Ledger.EventStore;

/// <summary>Another writer appended first. Read the stream again and decide anew; after several lost races answer 409.</summary>
public sealed class LostRaceException(Exception inner) : Exception("another writer appended to the stream first", inner);

/// <summary>The connection died while committing, and reading back failed too: it may or may not have been recorded.</summary>
public sealed class OutcomeUnknownException(Exception inner) : Exception("the outcome of the commit could not be learnt", inner)
{
    /// <summary>True for a dead connection, or one that the server ended: its message can cross with a commit's.</summary>
    public static bool IsUnknownAfter(NpgsqlException e) => e is not PostgresException { InvariantSeverity: not ("FATAL" or "PANIC") };
}

/// <summary>Translates Marten's exceptions into the ledger's.</summary>
internal static class AppendFailure
{
    private const string WrongExpectedVersion = "MT003";

    /// <summary>The exception to throw instead: that of a lost race, or the original one of the database or the driver.</summary>
    public static Exception Of(Exception e) => e switch
    {
        EventStreamUnexpectedMaxEventIdException or JasperFx.Events.ExistingStreamIdCollisionException
            or Marten.Exceptions.ExistingStreamIdCollisionException => new LostRaceException(e),
        JasperFx.Events.StreamLockedException { InnerException: { } inner } => Of(inner),
        Marten.Exceptions.StreamLockedException { InnerException: { } inner } => Of(inner),
        PostgresException p when IsLostRace(p) => new LostRaceException(p),
        MartenCommandException { InnerException: { } inner } => Of(inner),
        _ => e,
    };

    /// <summary>A deadlock on an append is one, too: the other one goes on.</summary>
    private static bool IsLostRace(PostgresException e) => e.SqlState is WrongExpectedVersion or PostgresErrorCodes.DeadlockDetected
        || (e.SqlState == PostgresErrorCodes.UniqueViolation
            && e.ConstraintName is "pkey_mt_streams_id" or "pk_mt_events_stream_and_version");
}
