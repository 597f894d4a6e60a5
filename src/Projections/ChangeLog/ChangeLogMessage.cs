using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Projections.ChangeLog;

/// <summary>The message of an entry to people. No identifier of a conversation or channel user, no mail address, no free text.</summary>
internal static class ChangeLogMessage
{
    /// <param name="said">An event, or a batch's outcomes; null: it could not be read.</param>
    /// <param name="type">The event's type.</param>
    public static string Of(object? said, string type) =>
        said switch
        {
            Submitted e =>
                $"Deletion of conversations requested, {(e.RequestType == RequestType.CId ? "by channel user" : "by conversation ids")}.",
            CaseRecorded e => e.DueOn is { } due
                ? $"Case recorded: the deletion is due on {CaseText.Of(due)}."
                : "Case recorded, without a due date.",
            DeadlineExtended e => $"Deadline extended: the deletion is due on {CaseText.Of(e.DueOn)}.",
            Scheduled e => Plan(e),
            Started e => $"Started: {Conversations(e.Conversations)} identified.",
            BatchOutcomes e => $"Outcomes of {Conversations(e.Count())}: {Counts(e.Deleted, e.Failed, e.Skipped)}.",
            Failed e => $"Attempt {e.Attempt} failed ({Words(e.Reason)}); retries remaining: {e.RetriesRemaining}.",
            Completed e => $"Ended ({Words(e.Outcome)}): of {Conversations(e.Conversations)}, {Counts(e.Deleted, e.Failed, e.Skipped)}.",
            BotRegistered => "Bot registered.",
            BotChanged => "Settings of the bot changed.",
            ClientGranted e => $"Client {e.Client} may now use: {string.Join(", ", e.Scopes.Select(Words))}.",
            GrantRevoked e => $"Client {e.Client} may no longer act for the bot.",
            JobCancelled e => $"Job {e.Job} was cancelled.",
            JobKeyDestroyed e => $"Job {e.Job} was forgotten: its key was destroyed.",
            IdentifiersDisclosed e => $"Identifiers of job {e.Job} were handed out to {e.Client}: {e.What}.",
            ErasedConversationsImported e => $"An import took {Conversations(e.Conversations)} that had been erased.",
            WebhookDisabled => "The webhook was disabled: its receiver wants no more messages.",
            DeletionsPaused => "Deletions of the bot were paused.",
            DeletionsResumed => "Deletions of the bot were resumed.",
            BotLimitsSet => "Rate limits of the bot changed.",
            _ => $"Recorded: {type}.",
        };

    private static string Plan(Scheduled e) =>
        e.Reason switch
        {
            ScheduleReason.OffPeak => $"Planned for {Instant.Text(e.PlannedAt)} in the window {e.Window.Name}.",
            ScheduleReason.WindowClosed =>
                $"The window closed before the job was done: planned again for {Instant.Text(e.PlannedAt)} in the window {e.Window.Name}.",
            ScheduleReason.WindowChanged =>
                $"The bot's window was changed: planned again for {Instant.Text(e.PlannedAt)} in the window {e.Window.Name}.",
            ScheduleReason.Retry => $"Attempt {e.Attempt} planned for {Instant.Text(e.PlannedAt)} in the window {e.Window.Name}.",
            _ => throw new ArgumentOutOfRangeException(nameof(e)),
        };

    private static string Conversations(long count) => count == 1 ? "1 conversation" : $"{count} conversations";

    private static string Counts(long deleted, long failed, IReadOnlyDictionary<SkipReason, long> skipped) =>
        $"{deleted} deleted, {failed} failed, {skipped.Values.Sum()} skipped"
        + (
            skipped.Count == 0
                ? ""
                : $" ({string.Join(", ", skipped.OrderBy(one => one.Key).Select(one => $"{Words(one.Key)} {one.Value}"))})"
        );

    /// <summary><c>LegalHold</c> as <c>legal hold</c>; a scope by its own name, which has capitals.</summary>
    private static string Words<T>(T value)
        where T : struct, Enum
    {
        var name = string.Concat(value.ToString().Select((letter, i) => i > 0 && char.IsUpper(letter) ? $" {letter}" : $"{letter}"));
        return value is Scope ? name : name.ToLowerInvariant();
    }
}
