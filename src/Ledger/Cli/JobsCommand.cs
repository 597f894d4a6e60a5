using System.CommandLine;
using System.Text.Json;
using Ledger.Contracts;
using Ledger.Database;
using Ledger.Projections;
using Ledger.Projections.JobList;
using Ledger.Projections.Status;
using NpgsqlTypes;

namespace Ledger.Cli;

/// <summary><c>ledger jobs</c></summary>
internal static class JobsCommand
{
    private static readonly string ListSql = Sql.Load(typeof(JobsCommand), nameof(ListAsync));

    public static Verb Verb()
    {
        var verb = new Verb("jobs", "Lists deletion jobs, newest first.", "ledger jobs\nledger jobs --bot st-1 --status queued --limit 10");
        var bot = new Option<string?>("--bot") { Description = "Only this bot's.", HelpName = "BOT" };
        var status = new Option<ReportedStatus?>("--status") { Description = "Only queued, completed, failed or cancelled ones.", HelpName = "STATUS" };
        var limit = new Option<int>("--limit") { Description = "At most so many, 1 to 10000.", HelpName = "N", DefaultValueFactory = _ => 50 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number is < 1 or > 10_000)
                result.AddError("--limit must be from 1 to 10000");
        });
        verb.Add(bot);
        verb.Add(status);
        verb.Add(limit);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            var rows = await ListAsync(opened, parsed.GetValue(bot), parsed.GetValue(status), parsed.GetValue(limit), cancel);
            Terminal.Of(parsed).Table(
                ["job", "bot", "type", "status", "phase", "submitted", "identified", "deleted", "skipped", "failed"], rows, "There is no such job.");
        });
        return verb;
    }

    private static async Task<List<string[]>> ListAsync(OpenDatabase database, string? bot, ReportedStatus? status, int limit, CancellationToken cancel)
    {
        await using var command = database.Source.CreateCommand(ListSql);
        command.Parameters.AddWithValue(NpgsqlDbType.Text, (object?)bot ?? DBNull.Value);
        command.Parameters.AddWithValue(NpgsqlDbType.Text, status is { } only ? JobListEntry.StatusText(only) : DBNull.Value);
        command.Parameters.AddWithValue(limit);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<string[]>();
        while (await reader.ReadAsync(cancel))
        {
            var job = JsonSerializer.Deserialize(reader.GetString(1), DocumentJson.Default.JobStatus)!;
            var result = job.Result;
            rows.Add(
            [
                job.JobId, reader.GetString(0), job.RequestType.ToString(), JobListEntry.StatusText(job.Status), job.Phase.ToString().ToLowerInvariant(),
                Instant.Text(job.SubmittedAt), $"{result.TotalConversations}", $"{result.DeletedCount}", $"{result.SkippedCount}", $"{result.FailedCount}",
            ]);
        }
        return rows;
    }
}
