using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Contracts.Jobs;
using Ledger.EventStore;
using Ledger.Jobs;
using Ledger.Projections;
using Ledger.Registry;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger status JOB</c></summary>
internal static class StatusCommand
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(0.5);

    public static Verb Verb()
    {
        var verb = new Verb(
            "status", "Shows one deletion job, by its id.",
            "ledger status cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c\nledger status cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c "
            + "--watch\nledger status cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --json",
            $"--json prints the document that the API answers, byte for byte.\n{JobDisplay.WatchDetails}");
        var job = new Argument<string>("JOB") { Description = "The job's id, as the submission answered it." };
        var watch = new Option<bool>("--watch")
        {
            Description = "Show its progress until it ends: a bar on a terminal, else a line at each change.",
        };
        var json = new Option<bool>("--json") { Description = "Print the API's document." };
        verb.Add(job);
        verb.Add(watch);
        verb.Add(json);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                if (!JobId.TryParse(parsed.GetValue(job), out var id))
                    throw CommandException.Usage(
                        "a job id is cdj- and a version-5 UUID in lower case, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c");
                await using var opened = await database.OpenAsync(parsed, cancel);
                var jobs = new JobReader(opened.Source, keys: null);
                var terminal = Terminal.Of(parsed);
                var found = await FindAsync(jobs, id, cancel);
                var document = parsed.GetValue(watch)
                    ? await JobDisplay.WatchAsync(terminal, async stop => (await FindAsync(jobs, id, stop)).Json, WatchInterval, cancel)
                    : found.Json;
                var status = JobDisplay.Read(document);
                if (parsed.GetValue(json))
                    terminal.Line(document);
                else
                    terminal.Facts(JobDisplay.Facts(status, found.Bot, found.Client));
                if (!status.Ended)
                    await NotePauseAsync(terminal, opened, found.Bot, cancel);
                return parsed.GetValue(watch) ? JobDisplay.Conclude(terminal, status) : ExitCodes.Done;
            }
        );
        return verb;
    }

    /// <summary>Says that the job does not go on for now. No event of the job does.</summary>
    private static async Task NotePauseAsync(Terminal terminal, OpenDatabase opened, string bot, CancellationToken cancel)
    {
        await using var connection = await opened.Source.OpenConnectionAsync(cancel);
        var paused = (await Documents.AllAsync(connection, DocumentJson.Default.Bot, cancel)).Find(one => one.BotId == bot)?.Pause;
        if ((await DeletionPauses.WholeAsync(connection, cancel)).Pause is { } all)
            terminal.Note($"The deletions of all bots are paused, {PauseCommand.Text(all)}: `ledger resume` ends that.");
        if (paused is not null)
            terminal.Note($"The deletions of its bot are paused, {PauseCommand.Text(paused)}: `ledger resume --bot` ends that.");
    }

    private static async Task<ListedJob> FindAsync(JobReader jobs, JobId job, CancellationToken cancel) =>
        await jobs.FindAsync(job, cancel) ?? throw new CommandException("there is no such job: `ledger jobs` lists them");
}
