namespace Ledger.Certificates;

/// <summary>The record of a job contradicts itself, so nothing is certified. The message says where, and holds no identifier.</summary>
public sealed class ContradictoryRecordException(string where)
    : Exception(
        $"no certificate: the job's record contradicts itself ({where}). Somebody changed the database: `ledger audit` names the first "
        + "thing that differs"
    );
