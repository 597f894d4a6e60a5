using Ledger.Contracts.Jobs;
using Npgsql;

namespace Ledger.Conversations;

/// <summary>
/// Tells apart the store's failures. Those of a conversation (or of a list) are recorded. Those of the infrastructure are nobody's outcome.
/// </summary>
public static class StoreFailure
{
    /// <summary>
    /// The reason to record. Null for a lost connection, a deadlock, a shutdown, a full disk or a lost race: then the transaction ends and
    /// is tried again.
    /// </summary>
    public static FailureReason? ReasonOf(Exception e) =>
        e switch
        {
            NotConfirmedException => FailureReason.NotConfirmed,
            PostgresException { InvariantSeverity: not "ERROR" } => null,
            PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation, ConstraintName: StoreDeletion.ItemsConstraint } =>
                FailureReason.NotConfirmed,
            // A row security policy would hide rows: the operator's to mend, and no job's attempt is spent on it.
            PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege, Routine: "check_enable_rls" } => null,
            PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => FailureReason.Locked,
            PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => FailureReason.Timeout,
            // 08 connection, 25 transaction state (read-only, idle timeout), 40 rollback, 53 resources, 57 operator, 58 system, LV the
            // ledger's own refusals.
            PostgresException p when p.SqlState[..2] is "08" or "25" or "40" or "53" or "57" or "58" or "LV" => null,
            PostgresException => FailureReason.StoreRefused,
            _ => null,
        };
}
