using System.Globalization;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Certificates;

/// <summary>The sentences of a certificate. None claims more than the events say, or than a deletion of rows can do.</summary>
internal static class CertificateWords
{
    private const string Standard = "NIST SP 800-88 Rev. 1, Appendix G (sample certificate of sanitization)";

    private const string AsAbove = "As under \"How it was erased and confirmed\"";

    public static CertifiedMethod Method(Completed end) =>
        end.Deleted == 0
            ? new CertifiedMethod("Nothing was deleted by this job.", "There was nothing to confirm: nothing was deleted.")
            : new CertifiedMethod(
                "Each conversation and its items (messages, transcripts, recordings, attachments, logs) were deleted as rows of the "
                + "conversation store, in the same database transaction as the event "
                    + "that records it: there is not the one without the other. Rows for analytics stay; they hold start, channel and "
                    + "counts, and neither an id nor a text.",
                $"Within each deletion's transaction the store was read again and held no row of the conversation; that no item was left "
                + $"is enforced by the items' foreign key. All {Number(end.Deleted)} "
                    + "deletions are recorded as confirmed in this way, not a sample of them."
            );

    public static Sanitization Sanitization(Submitted request, Completed end, string tool)
    {
        const string Person = "Person performing sanitization",
            Media = "Media information",
            Details = "Sanitization details",
            Destination = "Media destination";
        var nothing = end.Deleted == 0;
        return new Sanitization(
            Standard,
            [
                new(Person, "Performed by", $"The deletion ledger, a program, at the request of the API client {request.Client}"),
                new(Person, "Name, title, organization, location, phone", null),
                new(
                    Media, "Make, model, serial number, property number",
                    "Not applicable: rows of a database were to be deleted, not a medium"),
                new(Media, "Media type", "Rows of the conversation store, a PostgreSQL database"),
                new(Media, "Source", $"Conversations of the bot {request.Bot}"),
                new(Media, "Classification", null),
                new(Media, "Data backed up, and where", null),
                new(
                    Details,
                    "Method type",
                    nothing
                        ? "None: nothing was deleted"
                        : "None of Clear, Purge and Destroy is claimed. They are of media, and no medium was sanitized: rows were "
                            + "deleted through the database, and the ledger did not overwrite the storage that held them"
                ),
                new(Details, "Method used", nothing ? "None: nothing was deleted" : "Other: deletion of rows by SQL"),
                new(Details, "Method details", AsAbove),
                new(
                    Details, "Tool used, with version",
                    $"{tool}, which issued this certificate. The version that ran the job is not recorded"),
                new(
                    Details, "Verification method",
                    nothing ? "None: nothing was deleted" : $"Full, of the rows, not a sample of them. {AsAbove}"),
                new(Details, "Post-sanitization classification", null),
                new(Details, "Notes", Notes(end)),
                new(Destination, "Destination", "Not applicable: the database stays in use"),
            ]
        );
    }

    public static IReadOnlyList<string> NotProven(Conclusion conclusion, Submitted request, Completed end, CertifiedLog log)
    {
        var witnesses = log
            .Witnesses.Where(witness => witness.At is not null)
            .Select(witness => new WitnessFact(witness.Name, witness.At!.Value))
            .ToList();
        var facts = new LogFacts(log.Origin, log.Size, log.Root, log.Key, witnesses, 0, null);
        // Of ids it says nothing below: a certificate has none to show.
        var said = new List<string>(
            JobReports.NotProven(conclusion, request.RequestType, end.Conversations, disclosed: end.Conversations, facts));
        if (end.Conversations > 0)
            said.Add("Whose conversations they were: a certificate shows no ids. The job's proof does, as long as the job's key exists.");
        if (witnesses.Count > 0)
            said.Add(
                "That the cosignatures are the witnesses' own: they are repeated here as the checkpoint carries them. Check them with "
                + "keys that you have from the witnesses."
            );
        said.Add(
            "That this paper is genuine: it is worth what the proof shows that it names, checked with a key that you have from elsewhere.");
        return said;
    }

    private static string Notes(Completed end)
    {
        var left = end.Conversations - end.Deleted;
        return left == 0
            ? "None"
            : $"{Number(left)} of {Number(end.Conversations)} conversations on the job's list were NOT erased by it: see \"Not erased\"";
    }

    public static string Reason(ScheduleReason reason) => reason switch
    {
        ScheduleReason.OffPeak => "first plan",
        ScheduleReason.WindowClosed => "the window before closed",
        ScheduleReason.Retry => "retry",
        ScheduleReason.WindowChanged => "the bot's window was changed",
        _ => reason.ToString(),
    };

    /// <summary>The case as it was recorded with the job.</summary>
    public static string CaseOf(CertifiedCase told) => CaseText.Of(told.Basis, told.ReceivedOn, told.FirstDueOn, told.HasReference);

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
