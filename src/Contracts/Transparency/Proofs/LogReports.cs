
namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Sentences in plain words that hold for proofs of every kind.</summary>
public static class LogReports
{
    /// <summary>Two whole histories of one job can stand in one log, and a proof shows one of them.</summary>
    internal const string OnlyRecord = "That this is the job's only record in the log: another one would not be seen here.";

    internal static List<string> Proven(LogFacts log)
    {
        var said = new List<string>();
        foreach (var witness in log.Witnesses)
            said.Add(
                $"All of this was recorded before {Instant.Text(witness.At)}, by the clock of the witness {witness.Name}, which cosigned "
                + "the log and had seen it only grow."
            );
        if (log.GrownFrom is { } size)
            said.Add(
                $"The log agrees with the checkpoint that you gave ({JobReports.Number(size)} leaves): nothing that both hold was "
                + "rewritten."
            );
        return said;
    }

    internal static List<string> NotProven(LogFacts log)
    {
        var said = new List<string>();
        said.Add("That backups, replicas and copies elsewhere are erased.");
        said.Add("That the store did what it reported: the log proves what the operator recorded, and that it cannot be taken back.");
        said.Add(
            log.Witnesses.Count == 0
                ? "Any instant: every time given is the operator's own, because no witness was asked for. Nor that the log shows "
                    + "everybody the same history."
                : "Other instants than the witnesses' own: the times in the record are the operator's."
        );
        return said;
    }
}
