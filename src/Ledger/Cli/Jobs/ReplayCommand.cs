using System.CommandLine;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Jobs;
using Ledger.Projections;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger replay JOB</c></summary>
internal static class ReplayCommand
{
    private static readonly string AsStoredSql = Sql.Load(typeof(ReplayCommand), nameof(AsStoredAsync));

    public static Verb Verb()
    {
        var verb = new Verb(
            "replay",
            "Recomputes a job's status from its events: now, or as it was.",
            "ledger replay cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --as-of 2026-05-08T23:00:00Z\nledger replay "
            + "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --as-of 3 --events\n"
            + "ledger replay cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --json",
            "A version counts the job's events from 1; a date means the end of that day in UTC. Nothing stored is used but the events, "
            + "so --json without --as-of prints\n"
                + "the same text as `ledger status --json`, or the ledger has a fault. --events --json prints one event a line, as "
                + "recorded: without ids, which are not in them."
        );
        var job = new Argument<string>("JOB") { Description = "The job's id, as the submission answered it." };
        var asOf = new Option<string?>("--as-of")
        {
            Description = "As it was then: a version, a date or an instant with Z or an offset.",
            HelpName = "INSTANT|VERSION",
        };
        var events = new Option<bool>("--events") { Description = "List the events until then instead." };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        verb.Add(job);
        foreach (var option in new Option[] { asOf, events, json })
            verb.Add(option);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                if (!JobId.TryParse(parsed.GetValue(job), out var id))
                    throw CommandException.Usage(
                        "a job id is cdj- and a version-5 UUID in lower case, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c");
                var moment = parsed.GetValue(asOf) is { } text
                    ? AsOf.Parse(text) ?? throw CommandException.Usage($"--as-of {AsOf.Rule}")
                    : null;
                await using var opened = await database.OpenAsync(parsed, cancel);
                var (replay, rejection) =
                    await JobReplay.FindAsync(opened.Source, id, moment, cancel)
                    ?? throw new CommandException("there is no such job: `ledger jobs` lists them");
                CommandException.ThrowIf(rejection);
                var output = new Output(Terminal.Of(parsed), opened, replay, parsed.GetValue(json));
                await (parsed.GetValue(events) ? output.EventsAsync(cancel) : output.StatusAsync(cancel));
            }
        );
        return verb;
    }

    private sealed record Output(Terminal Terminal, OpenDatabase Database, JobReplay Replay, bool IsJson)
    {
        public async Task StatusAsync(CancellationToken cancel)
        {
            var status = await Replay.StatusAsync(Database.Source, cancel);
            if (IsJson)
            {
                Terminal.Line(await AsStoredAsync(Database, JsonSerializer.Serialize(status, DocumentJson.Default.JobStatus), cancel));
                return;
            }
            Terminal.Facts(JobDisplay.Facts(status, Replay.Bot, Replay.Client));
            Terminal.Note($"As of event {Replay.Until} of {Replay.Events}.");
        }

        public async Task EventsAsync(CancellationToken cancel)
        {
            var rows = new List<string[]>();
            await foreach (var stored in Replay.ReadAsync(Database.Source, cancel))
            {
                if (IsJson)
                    Terminal.Line(
                        $$"""{"version":{{stored.Version}},"type":"{{JsonEncodedText.Encode(stored.Type)}}","at":"{{Instant.Text(stored.At)}}","data":{{stored.Data}}}"""
                    );
                else
                    rows.Add([$"{stored.Version}", Instant.Text(stored.At), stored.Type]);
            }
            if (IsJson)
                return;
            Terminal.Table(["version", "at", "event"], rows, "");
            Terminal.Note($"{Replay.Until} of {Replay.Events} events.");
        }
    }

    /// <summary>A document as PostgreSQL would keep it, so that it can be compared with a stored one byte for byte.</summary>
    private static async Task<string> AsStoredAsync(OpenDatabase database, string document, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(AsStoredSql);
        command.Parameters.AddWithValue(document);
        return (string)(await command.ExecuteScalarAsync(cancel))!;
    }
}
