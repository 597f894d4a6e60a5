using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Api;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Jobs;
using Ledger.Machine;
using Ledger.Web;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger submit</c></summary>
internal sealed class SubmitCommand
{
    /// <summary>As the API asks its pollers to.</summary>
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(5);

    private readonly Option<string> _bot = new("--bot")
    {
        Description = "The bot whose conversations they are.",
        HelpName = "BOT",
        Required = true,
    };
    private readonly Option<string?> _ids = new("--ids")
    {
        Description =
            $"Erase these conversations: a file with their ids, one a line, at most {Limits.ConversationIdsPerRequest}; - is standard "
            + "input.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _cId = new("--cid")
    {
        Description = "Erase a channel user's conversations: a file with the cId on a line of its own; - is standard input.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _start = Date(
        "--start-date", "With --cid: only conversations that started then or later.", isStart: true);
    private readonly Option<string?> _end = Date(
        "--end-date", "With --cid: only conversations that started then or earlier; a date includes its day. By default today.",
        isStart: false);
    private readonly Option<string?> _key = new("--idempotency-key")
    {
        Description = "Submitting again with the same key and request is the same job. By default a new one.",
        HelpName = "KEY",
    };
    private readonly Option<bool> _watch = new("--watch") { Description = "Show the job's progress until it ends." };
    private readonly Option<bool> _preview = new("--preview")
    {
        Description = "Show what the job would delete and skip now, and when it would run. Nothing is submitted.",
    };

    private readonly ServiceAccess _service;

    private SubmitCommand(Verb verb)
    {
        foreach (var option in new Option[] { _bot, _ids, _cId, _start, _end, _key, _watch, _preview })
            verb.Add(option);
        _service = ServiceAccess.AddTo(verb);
        _key.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var key }] && !RequestHeaders.IsIdempotencyKey(key))
                result.AddError("--idempotency-key must be 1 to 255 visible ASCII characters, without spaces");
        });
        verb.SetAction(RunAsync);
    }

    public static Verb Verb()
    {
        var verb = new Verb(
            "submit",
            "Submits a deletion job to a running service, as an API client does, and prints the job's id.",
            "ledger submit --bot st-1 --ids ids.txt --token-file token.txt\n"
                + "ledger submit --bot st-1 --cid - --start-date 2026-05-01 --end-date 2026-05-31 --url https://ledger.example.com "
                + "--watch < cid.txt\n"
                + "ledger submit --bot st-1 --cid cid.txt --token-file token.txt --preview\n"
                + $"{ServiceAccess.TokenVariable}=\"$(ledger token --client cs-1)\" ledger submit --bot st-1 --cid cid.txt",
            "An id is never an argument, and the token neither: a command line is seen by every user of the machine, and kept by shells. "
            + "Only the job's id goes to standard\n"
                + "output. A request that was not answered is sent again under its idempotency key, so it never becomes two jobs. The "
                + "token needs the scope 'Delete Conversations'.\n"
                + "A preview counts what the store holds now. The job makes its list when it runs, so its counts can differ.\n"
                + JobDisplay.WatchDetails
        );
        _ = new SubmitCommand(verb);
        return verb;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var terminal = Terminal.Of(parsed);
        RefuseContradictions(parsed);
        var bot = parsed.GetValue(_bot)!;
        using var api = await _service.OpenAsync(parsed, [parsed.GetValue(_ids), parsed.GetValue(_cId)], cancel);
        var body = await BodyAsync(parsed, terminal, cancel);
        if (parsed.GetValue(_preview))
        {
            var preview = JsonSerializer.Deserialize(await api.PreviewAsync(bot, body, cancel), ApiJson.Default.Preview)!;
            terminal.Facts(JobDisplay.Facts(preview, bot));
            terminal.Note("This was a preview. Nothing was submitted.");
            return ExitCodes.Done;
        }
        var job = await SubmitAsync(
            api, bot, body, parsed.GetValue(_key) ?? RandomNumberGenerator.GetHexString(32, lowercase: true), cancel);
        terminal.Line(job.ToString());
        if (!parsed.GetValue(_watch))
        {
            terminal.Note(
                $"Submitted. Its status: GET {_service.Address(parsed)}{ServiceApi.Deletions(bot)}/{job} with the same token,"
            );
            terminal.Note($"or, where the ledger's database can be reached: ledger status {job} --watch");
            return ExitCodes.Done;
        }
        var ended = JobDisplay.Read(await JobDisplay.WatchAsync(terminal, stop => api.StatusAsync(bot, job, stop), WatchInterval, cancel));
        terminal.NoteFacts(JobDisplay.Facts(ended, bot, client: null));
        return JobDisplay.Conclude(terminal, ended);
    }

    private void RefuseContradictions(ParseResult parsed)
    {
        var (ids, cId) = (parsed.GetValue(_ids), parsed.GetValue(_cId));
        if (ids is null == cId is null)
            throw CommandException.Usage("say what to erase: conversations by their ids (--ids FILE), or a channel user's (--cid FILE)");
        if (ids is not null && (parsed.GetValue(_start) ?? parsed.GetValue(_end)) is not null)
            throw CommandException.Usage(
                "--start-date and --end-date go with --cid: conversations that are named by their ids are erased whenever they started");
        if (parsed.GetValue(_preview) && (parsed.GetValue(_watch) || parsed.GetValue(_key) is not null))
            throw CommandException.Usage("a preview submits nothing: leave out --watch and --idempotency-key");
    }

    private async Task<JsonObject> BodyAsync(ParseResult parsed, Terminal terminal, CancellationToken cancel)
    {
        if ((parsed.GetValue(_ids) ?? parsed.GetValue(_cId)) == "-" && !Console.IsInputRedirected)
            terminal.Note("Type the ids, one a line, and end with Ctrl-D.");
        if (parsed.GetValue(_ids) is { } file)
        {
            var ids = await IdLines.ReadAsync("--ids", file, Limits.ConversationIdsPerRequest, cancel);
            return new JsonObject { ["conversationIds"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]) };
        }
        var body = new JsonObject { ["cId"] = (await IdLines.ReadAsync("--cid", parsed.GetValue(_cId)!, most: 1, cancel))[0] };
        if (parsed.GetValue(_start) is { } start)
            body["startDate"] = start;
        if (parsed.GetValue(_end) is { } end)
            body["endDate"] = end;
        return body;
    }

    private static async Task<JobId> SubmitAsync(ServiceApi api, string bot, JsonObject body, string key, CancellationToken cancel)
    {
        try
        {
            return await api.SubmitAsync(bot, body, key, cancel);
        }
        catch (HttpRequestException e) when (!ServiceApi.WasNotSent(e))
        {
            throw new CommandException(
                $"the service did not answer ({e.Message}): the job may be recorded or not. Submit the same again with "
                + $"--idempotency-key {ShellWord.Of(key)}, which never makes a second job");
        }
    }

    /// <summary>The text goes to the API as it was typed; what cannot be meant is told before.</summary>
    private static Option<string?> Date(string name, string description, bool isStart)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "DATE" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && SentInstant.Read(text, isStart) is null)
                result.AddError($"{name} must be a date (2026-05-04, in UTC) or an instant with Z or an offset (2026-05-04T08:00:00Z)");
        });
        return option;
    }
}
