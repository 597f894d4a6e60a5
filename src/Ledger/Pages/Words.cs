using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Projections.Status;
using Ledger.Registry;

namespace Ledger.Pages;

/// <summary>The words that the pages use, in plain language.</summary>
internal static class Words
{
    /// <summary>
    /// The state of a job: <c>waiting</c>, <c>running</c>, <c>retrying</c>, <c>paused</c>, <c>completed</c>, <c>failed</c> or
    /// <c>cancelled</c>.
    /// </summary>
    public static string State(JobStatus status) =>
        (status.Status == ReportedStatus.Queued ? status.Phase.ToString() : status.Status.ToString()).ToLowerInvariant();

    /// <summary>The job's state, in a sentence without its instants.</summary>
    public static string Sentence(JobStatus status) =>
        (status.Status, status.Phase) switch
        {
            (ReportedStatus.Completed, _) when status.Result.TotalConversations == 0 => "Done: there was nothing to erase.",
            (ReportedStatus.Completed, _) when status.Result.DeletedCount == 0 =>
                "Done: nothing was erased. All that was found was skipped, for the reasons below.",
            (ReportedStatus.Completed, _) when status.Result.SkippedCount > 0 =>
                "Done: what was not skipped is gone, and was looked for again and not found. What was skipped may still be there.",
            (ReportedStatus.Completed, _) => "Done: what was on the job's list is gone, and was looked for again and not found.",
            (ReportedStatus.Failed, _) when status.Result.TotalConversations == 0 => "Failed: the list of what to erase could not be made.",
            (ReportedStatus.Failed, _) => "Failed: not everything could be erased, and no retry is left.",
            (ReportedStatus.Cancelled, _) => "Cancelled: what was not erased by then was left alone.",
            (_, Phase.Waiting) => "Waits for its window.",
            (_, Phase.Running) => "Conversations are being erased.",
            (_, Phase.Paused) => "Its window closed before it was done. It goes on in the next one.",
            (_, Phase.Retrying) => "Some of it failed, and is tried again.",
            _ => "Done.",
        };

    public static string Request(RequestType type) =>
        type == RequestType.CId ? "all conversations of a channel user (cId)" : "conversations by their ids";

    public static string Skip(SkipReason reason) => Capital(ReasonWords.Of(reason));

    public static string Failure(FailureReason reason) => Capital(ReasonWords.Of(reason));

    public static string Scope(Scope scope) => ScopeNames.Of(scope);

    /// <summary>The scope as an option of the command line takes it.</summary>
    public static string ScopeOption(Scope scope) => Scope(scope).ToLowerInvariant().Replace(' ', '-');

    public static string Count(long count, string one, string? many = null) => $"{count:N0} {(count == 1 ? one : many ?? $"{one}s")}";

    /// <summary>A word of a shell, quoted if necessary.</summary>
    public static string Shell(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '@')
            ? word
            : $"'{word.Replace("'", "'\\''")}'";

    /// <summary>The text with a capital and a full stop.</summary>
    public static string Sentence(string text) =>
        text.Length == 0 ? text : $"{Capital(text)}{(text[^1] is '.' or ':' ? "" : ".")}";

    private static string Capital(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}";

    /// <summary><c>2026-05-08 18:00</c></summary>
    public static string Minute(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm");

    /// <summary>The end of something that began at an instant, without the day if it is the same.</summary>
    public static string End(DateTimeOffset began, DateTimeOffset ends) =>
        began.UtcDateTime.Date == ends.UtcDateTime.Date ? ends.UtcDateTime.ToString("HH:mm") : Minute(ends);

    /// <summary>An approximate duration: <c>3 h 05 min</c>, <c>2 days 4 h</c>, <c>under a minute</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalMinutes: < 1 } => "under a minute",
        { TotalHours: < 1 } => $"{time.Minutes} min",
        { TotalDays: < 1 } => time.Minutes == 0 ? $"{time.Hours} h" : $"{time.Hours} h {time.Minutes:00} min",
        _ => time.Hours == 0 ? Count(time.Days, "day") : $"{Count(time.Days, "day")} {time.Hours} h",
    };

    /// <summary>A duration, exact if it is short: <c>0.4 s</c>, <c>12 s</c>. A longer one is as in <see cref="Duration"/>.</summary>
    public static string Span(TimeSpan time) =>
        time.TotalSeconds < 10 ? $"{Math.Max(0, time.TotalSeconds):0.0} s"
        : time.TotalSeconds < 60 ? $"{time.TotalSeconds:0} s"
        : Duration(time);
}
