using System.CommandLine;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;

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
                return parsed.GetValue(watch) ? JobDisplay.Conclude(terminal, status) : ExitCodes.Done;
            }
        );
        return verb;
    }

    private static async Task<ListedJob> FindAsync(JobReader jobs, JobId job, CancellationToken cancel) =>
        await jobs.FindAsync(job, cancel) ?? throw new CommandException("there is no such job: `ledger jobs` lists them");
}
