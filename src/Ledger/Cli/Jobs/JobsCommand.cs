using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Contracts;
using Ledger.Contracts.Transparency.Proofs;
using Ledger.Execution.Turns;
using Ledger.Jobs;
using Ledger.Jobs.Cases;
using Ledger.Projections.Jobs;
using Ledger.Projections.Status;
using Ledger.Windows;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger jobs</c></summary>
internal static class JobsCommand
{
    /// <summary>
    /// The values of <c>--state</c>: the way in which a job ended, <c>queued</c> (it has not ended), or the phase of an unfinished job.
    /// </summary>
    private enum State { Queued, Completed, Failed, Cancelled, Waiting, Running, Retrying, Paused }

    public static Verb Verb()
    {
        var verb = new Verb(
            "jobs", "Lists deletion jobs, newest first.",
            "ledger jobs\nledger jobs --bot st-1 --state queued --limit 10\nledger jobs --state paused\nledger jobs --due-within 7d",
            "A job is queued until it has ended: completed, failed or cancelled. A queued one is waiting (for its window), running, "
            + "retrying (waiting for another attempt) or paused (its window closed). A job with a case shows the day on which it is due, "
            + "in UTC, and the days that are left."
        );
        var bot = new Option<string?>("--bot") { Description = "Only this bot's.", HelpName = "BOT" };
        var state = new Option<State?>("--state", "--status")
        {
            Description =
                "Only jobs in this state: queued, completed, failed or cancelled; or of the queued ones only those that are waiting, "
                + "running, retrying or paused.",
            HelpName = "STATE",
            CustomParser = result => OptionValues.Named<State>(result, "--state"),
        };
        var limit = new Option<int>("--limit")
        {
            Description = "At most so many, 1 to 10000.",
            HelpName = "N",
            DefaultValueFactory = _ => 50,
        };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number is < 1 or > 10_000)
                result.AddError("--limit must be from 1 to 10000");
        });
        var due = new Option<TimeSpan?>("--due-within")
        {
            Description = "Only unfinished jobs whose case is due within so long, or is late, such as 7d.",
            HelpName = "DURATION",
            CustomParser = result => OptionValues.Read(result, OptionValues.ReadDuration, $"--due-within {OptionValues.DurationRule}"),
        };
        verb.Add(bot);
        verb.Add(state);
        verb.Add(due);
        verb.Add(limit);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                await using var opened = await database.OpenAsync(parsed, cancel);
                await NamedBot.RequireAsync(opened, parsed.GetValue(bot), cancel);
                var (status, phase) = Meant(parsed.GetValue(state));
                var now = TimeProvider.System.GetUtcNow();
                var dueBy = parsed.GetValue(due) is { } within ? DateOnly.FromDateTime((now + within).UtcDateTime) : (DateOnly?)null;
                var jobs = await new JobReader(opened.Source, keys: null).NewestAsync(
                    parsed.GetValue(bot), status, phase, dueBy, parsed.GetValue(limit), cancel);
                Terminal
                    .Of(parsed)
                    .Table(
                        ["job", "bot", "type", "status", "phase", "submitted", "identified", "deleted", "skipped", "failed", "due"],
                        [.. jobs.Select(job => Row(job, now))], "There is no such job.");
                var named = parsed.GetValue(bot);
                foreach (var stranded in await StrandedJobs.FindAsync(opened.Source, new WindowPlanner(), now, cancel))
                {
                    if (named is null || named == stranded.Bot)
                        Terminal.Of(parsed).Warn($"{stranded}");
                }
            }
        );
        return verb;
    }

    private static (ReportedStatus? Status, Phase? Phase) Meant(State? state) =>
        state switch
        {
            null => (null, null),
            State.Queued => (ReportedStatus.Queued, null),
            State.Completed => (ReportedStatus.Completed, null),
            State.Failed => (ReportedStatus.Failed, null),
            State.Cancelled => (ReportedStatus.Cancelled, null),
            { } phase => (ReportedStatus.Queued, Enum.Parse<Phase>(phase.ToString())),
        };

    private static string[] Row(ListedJob listed, DateTimeOffset now)
    {
        var job = JobDisplay.Read(listed.Json);
        var result = job.Result;
        return
        [
            job.JobId.ToString(), listed.Bot, job.RequestType.ToString(), Job.StatusText(job.Status), JobDisplay.PhaseText(job),
            Instant.Text(job.SubmittedAt), $"{result.TotalConversations}", $"{result.DeletedCount}", $"{result.SkippedCount}",
            $"{result.FailedCount}",
            listed.DueOn is { } due ? $"{CaseText.Of(due)}, {Countdown.Text(due, job.CompletedAt, now)}" : "-",
        ];
    }
}
