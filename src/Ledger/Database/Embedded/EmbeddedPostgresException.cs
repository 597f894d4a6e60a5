namespace Ledger.Database.Embedded;

/// <summary>The private PostgreSQL cannot be used; the message says why and what to do, and is meant to be read by a person.</summary>
public class EmbeddedPostgresException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>This machine has no PostgreSQL of a usable version, and none could be fetched; the message names the ways out.</summary>
public sealed class PostgresNotFoundException(string message, Exception? inner = null) : EmbeddedPostgresException(message, inner);
