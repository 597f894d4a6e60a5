using System.CommandLine;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Database;
using Ledger.Projections;
using Ledger.Projections.JobList;
using Ledger.Projections.Status;

namespace Ledger.Cli;

/// <summary><c>ledger status JOB</c></summary>
internal static class StatusCommand
{
    private static readonly string FindSql = Sql.Load(typeof(StatusCommand), nameof(FindAsync));

    public static Verb Verb()
    {
        var verb = new Verb(
            "status", "Shows one deletion job, by its id.", "ledger status cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c\nledger status cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --json",
            "--json prints the document that the API answers, byte for byte.");
        var job = new Argument<string>("JOB") { Description = "The job's id, as the submission answered it." };
        var json = new Option<bool>("--json") { Description = "Print the API's document." };
        verb.Add(job);
        verb.Add(json);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            if (!JobId.TryParse(parsed.GetValue(job), out var id))
                throw CommandException.Usage("a job id is cdj- and a version-5 UUID in lower case, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c");
            await using var opened = await database.OpenAsync(parsed, cancel);
            var (bot, client, document) = await FindAsync(opened, id, cancel) ?? throw new CommandException("there is no such job: `ledger jobs` lists them");
            var terminal = Terminal.Of(parsed);
            if (parsed.GetValue(json))
                terminal.Line(document);
            else
                terminal.Table(["", ""], [.. Rows(JsonSerializer.Deserialize(document, DocumentJson.Default.JobStatus)!, bot, client)], "");
        });
        return verb;
    }

    private static async Task<(string Bot, string Client, string Document)?> FindAsync(OpenDatabase database, JobId job, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(FindSql);
        command.Parameters.AddWithValue(job.Value);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? (reader.GetString(0), reader.GetString(1), reader.GetString(2)) : null;
    }

    internal static IEnumerable<string[]> Rows(JobStatus job, string bot, string client)
    {
        var result = job.Result;
        var items = result.DeletedItems;
        yield return ["job", job.JobId];
        yield return ["bot", bot];
        yield return ["client", client];
        yield return ["type", job.RequestType.ToString()];
        yield return ["status", $"{JobListEntry.StatusText(job.Status)} ({job.Phase.ToString().ToLowerInvariant()})"];
        yield return ["submitted", Instant.Text(job.SubmittedAt)];
        yield return ["scheduled", Text(job.ScheduledAt)];
        yield return ["started", Text(job.StartedAt)];
        yield return ["completed", Text(job.CompletedAt)];
        yield return ["identified", $"{result.TotalConversations} conversations"];
        yield return ["deleted", $"{result.DeletedCount}"];
        yield return ["failed", $"{result.FailedCount} ({result.RetriesRemaining} retries remain)"];
        yield return ["skipped", $"{result.SkippedCount}{string.Concat(result.Skipped.Select(reason => $"  {reason.Key} {reason.Value}"))}"];
        yield return ["items", $"{items.Messages} messages, {items.Transcripts} transcripts, {items.Recordings} recordings, {items.Attachments} attachments, {items.Logs} logs"];
    }

    private static string Text(DateTimeOffset? at) => at is { } instant ? Instant.Text(instant) : "-";
}
