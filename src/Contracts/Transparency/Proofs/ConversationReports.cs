using Ledger.Contracts.Jobs;

namespace Ledger.Contracts.Transparency.Proofs;

/// <summary>Reports on a conversation's proof, in plain words.</summary>
internal static class ConversationReports
{
    /// <param name="outcome">Deleted, skipped or failed.</param>
    public static ConversationReport Of(LeafEntry leaf, JobEvent outcome, string? id, LogFacts log, long index)
    {
        var report = outcome switch
        {
            ConversationDeleted e => Report(e.Commitment, e.Ordinal, "deleted", null, e.Attempt, e.Items),
            ConversationSkipped e => Report(e.Commitment, e.Ordinal, "skipped", ReasonWords.Of(e.Reason), null, null),
            Failed e => Report(e.Commitment!, e.Ordinal!.Value, "failed", ReasonWords.Of(e.Reason), e.Attempt, null),
            _ => throw new InvalidOperationException($"{outcome.GetType().Name} is no outcome"),
        };
        return report with { Headline = Headline(report), Proven = [.. Proven(report)], NotProven = [.. NotProven(report)] };

        ConversationReport Report(byte[] commitment, long ordinal, string kind, string? reason, int? attempt, ItemCounts? items) =>
            new(
                kind == "deleted" ? Conclusion.Erased : Conclusion.NothingErased, "", leaf.Stream, log, new LeafRange(index, index + 1, 1),
                id, commitment, ordinal, kind, reason, leaf.At, attempt, items)
            { Proven = [], NotProven = [] };
    }

    private static string Headline(ConversationReport report)
    {
        var which = report.ConversationId is null ? "a conversation whose id the file does not show" : "the conversation";
        return report.Outcome switch
        {
            "deleted" => $"ERASED: {which} was erased.",
            "skipped" => $"NOT ERASED: {which} was skipped, {report.Reason}.",
            _ =>
                $"NOT ERASED: in attempt {report.Attempt}, {which} could not be erased ({report.Reason}). Whether a later attempt erased "
                + "it, this file does not say.",
        };
    }

    private static List<string> Proven(ConversationReport report)
    {
        var said = new List<string>();
        said.Add(
            $"This outcome is in the log that {report.Log.Origin} signed, as leaf {JobReports.Number(report.Leaves.First)} (counted from "
            + $"0) of {JobReports.Number(report.Log.Size)}, and was not changed since."
        );
        if (report.ConversationId is not null)
            said.Add("The conversation id in the file is the one that the log's record is of.");
        said.AddRange(LogReports.Proven(report.Log));
        return said;
    }

    private static List<string> NotProven(ConversationReport report)
    {
        var said = new List<string>();
        if (report.Conclusion != Conclusion.Erased)
            said.Add("That the conversation was erased: by this outcome it was NOT.");
        if (report.ConversationId is null)
            said.Add("Which conversation it was: the file shows no id (the job's key is destroyed, and nobody can show it any more).");
        said.Add(LogReports.OnlyRecord);
        said.Add("That it was deleted within a window, and what became of the job's other conversations: the job's own proof shows that.");
        said.Add("That the job's list was all that the store held of what was asked for.");
        said.AddRange(LogReports.NotProven(report.Log));
        return said;
    }
}
