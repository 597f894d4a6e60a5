using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Cli.Registry;
using Ledger.Contracts;
using Ledger.Jobs;
using Ledger.Verifier;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger find</c></summary>
internal static class FindCommand
{
    private const int MostIds = 10_000;

    public static Verb Verb()
    {
        var verb = new Verb(
            "find",
            "Tells what happened to conversations and channel users: reads their ids from standard input, one a line.",
            "cat ids.txt | ledger find\ncat ids.txt | ledger find --bot st-1 --json",
            "An id is never an argument: a command line is seen by every user of the machine, and kept by shells.\n"
                + "There is no index of erased ids. Every job whose key lives is opened and read, which takes about a second for ten "
                + "million conversations;\n"
                + "what a forgotten job was about nobody can tell any more.\n"
                + $"The exit code is {ExitCodes.NotFound} where nothing is known of one of the ids, and {ExitCodes.Failed} where\n"
                + "a job that nobody forgot could not be searched."
        );
        var bot = new Option<string?>("--bot") { Description = "Search only this bot's jobs.", HelpName = "BOT" };
        var json = new Option<bool>("--json") { Description = "Print a JSON document instead of a table." };
        verb.Add(bot);
        verb.Add(json);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            var terminal = Terminal.Of(parsed);
            if (!Console.IsInputRedirected)
                terminal.Note("Type the ids, one a line, and end with Ctrl-D.");
            var ids = await IdLines.ReadAsync("standard input", GivenFile.StandardInput, MostIds, cancel);
            await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
            await NamedBot.RequireAsync(opened, parsed.GetValue(bot), cancel);
            var result = await new IdentifierSearch(opened.Source, opened.Keys).FindAsync(ids, parsed.GetValue(bot), cancel);
            if (parsed.GetValue(json))
                terminal.Line(Json(ids, result).ToJsonString(s_json));
            else
                Show(terminal, ids, result);
            return Conclude(terminal, ids, result);
        });
        return verb;
    }

    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static void Show(Terminal terminal, IReadOnlyList<string> ids, SearchResult result)
    {
        var found = result.Found.ToLookup(entry => entry.Id, StringComparer.Ordinal);
        terminal.Table(
            ["id", "bot", "job", "submitted", "as", "outcome", "at"],
            [.. ids.SelectMany(id => found[id].Select(Row).DefaultIfEmpty([id, "-", "-", "-", "nothing is known", "-", "-"]))],
            none: "");
        terminal.Note($"Searched {result.Searched} jobs: what is known is known as long as their keys live.");
        if (result.Forgotten > 0)
            terminal.Note($"{result.Forgotten} more jobs are forgotten: their keys are destroyed, so they cannot be searched.");
    }

    /// <summary>A script that asks must not take a mistyped id, or a search that could not see all, for a good answer.</summary>
    private static int Conclude(Terminal terminal, IReadOnlyList<string> ids, SearchResult result)
    {
        if (result.Damaged > 0)
        {
            terminal.Warn($"{result.Damaged} more jobs cannot be opened with these keys, though nobody forgot them");
            return ExitCodes.Failed;
        }
        var unknown = ids.Count - result.Found.Select(entry => entry.Id).Distinct(StringComparer.Ordinal).Count();
        if (unknown == 0)
            return ExitCodes.Done;
        terminal.Note($"Nothing is known of {unknown} of {ids.Count} ids: are they written as they were submitted?");
        return ExitCodes.NotFound;
    }

    private static string[] Row(FoundIdentifier entry) =>
    [
        entry.Id, entry.Bot, entry.Job.ToString(), Instant.Text(entry.SubmittedAt),
        entry.As switch
        {
            FoundAs.CId => "cId of the request",
            FoundAs.Requested => "conversation of the request",
            _ => $"conversation, ordinal {entry.Ordinal}",
        },
        entry.Outcome is null ? $"job {entry.Status}" : entry.Reason is null ? entry.Outcome : $"{entry.Outcome} ({entry.Reason})",
        entry.At is { } at ? Instant.Text(at) : "-",
    ];

    private static JsonObject Json(IReadOnlyList<string> ids, SearchResult result)
    {
        var found = result.Found.ToLookup(entry => entry.Id, StringComparer.Ordinal);
        return new JsonObject
        {
            ["ids"] = new JsonArray([
                .. ids.Select(id => new JsonObject { ["id"] = id, ["jobs"] = new JsonArray([.. found[id].Select(Json)]) }),
            ]),
            ["searchedJobs"] = result.Searched,
            ["forgottenJobs"] = result.Forgotten,
            ["damagedJobs"] = result.Damaged,
        };
    }

    private static JsonObject Json(FoundIdentifier entry) => new()
    {
        ["job"] = entry.Job.ToString(),
        ["bot"] = entry.Bot,
        ["submittedAt"] = Instant.Text(entry.SubmittedAt),
        ["status"] = entry.Status,
        ["kind"] = entry.As == FoundAs.CId ? "cId" : "conversation",
        ["ordinal"] = entry.Ordinal,
        ["outcome"] = entry.Outcome,
        ["reason"] = entry.Reason,
        ["at"] = entry.At is { } at ? Instant.Text(at) : null,
    };
}
