using System.CommandLine;
using Ledger.Cli.Jobs;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Contracts.Registry;
using Ledger.Engine;
using Ledger.Forgetting;
using Ledger.Holds;
using Ledger.Jobs;
using Ledger.Jobs.Erased;

namespace Ledger.Cli.Registry;

/// <summary><c>ledger hold place|list|lift</c></summary>
internal static class HoldCommand
{
    private const string Sample = "lh-0b6a4b0e-3f0c-5a57-9f4d-6f7a1c2b3d4e";
    private const string IsBusy = "a deletion of the bot is running and did not end in time: nothing was recorded, so try again";

    public static Verb Verb() =>
        new Verb(
            "hold", "Legal holds: conversations that no job deletes.",
            "ledger hold place --bot st-1 --cid - --reason 'court order 7' < cid.txt\nledger hold list --bot st-1\n"
            + $"ledger hold lift {Sample}")
        {
            Place(), List(), Lift(),
        };

    private static Verb Place()
    {
        var verb = new Verb(
            "place",
            "Places a legal hold on conversations, or on all of a channel user, and tells what was deleted before.",
            "ledger hold place --bot st-1 --ids ids.txt --reason 'court order 7'\n"
            + "ledger hold place --bot st-1 --cid - --reason 'court order 7' --until 2027-01-31T23:00:00Z < cid.txt",
            "An id is never an argument: a command line is seen by every user of the machine, and kept by shells.\n"
            + "The ids are sealed under a key of the hold, which is destroyed when the hold ends. The reason is recorded for ever, so it\n"
            + "must hold no personal data. Jobs skip what is held, those that have started too. Nothing under the hold is deleted once\n"
            + "this is done. A hold on a channel user covers conversations that come later.");
        var bot = new Option<string>("--bot") { Description = "The bot whose conversations they are.", HelpName = "BOT", Required = true };
        var ids = new Option<string?>("--ids")
        {
            Description =
                $"Hold these conversations: a file with their ids, one a line, at most {Limits.ConversationIdsPerRequest}; - is standard "
                + "input.",
            HelpName = "FILE",
        };
        var cId = new Option<string?>("--cid")
        {
            Description = "Hold a channel user's conversations: a file with the cId on a line of its own; - is standard input.",
            HelpName = "FILE",
        };
        var until = OptionValues.Instant("--until", "When it ends by itself; by default somebody has to lift it.");
        foreach (var option in new Option[] { bot, ids, cId, until })
            verb.Add(option);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            var terminal = Terminal.Of(parsed);
            if (by.Reason(parsed) is not { } reason || !HoldRequest.IsReason(reason))
                throw CommandException.Usage($"--reason {HoldRequest.ReasonRule}: it is recorded for ever");
            if (parsed.GetValue(until) <= TimeProvider.System.GetUtcNow())
                throw CommandException.Usage("--until must be in the future");
            var held = await HeldAsync(terminal, parsed.GetValue(ids), parsed.GetValue(cId), cancel);
            await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
            await NamedBot.RequireAsync(opened, parsed.GetValue(bot), cancel);
            var request = new HoldRequest(
                parsed.GetValue(bot)!, held, reason, parsed.GetValue(until), by.Actor(parsed), IdempotencyKey: null);
            await PlaceAsync(terminal, opened, request, cancel);
        });
        return verb;
    }

    private static async Task PlaceAsync(Terminal terminal, OpenDatabase opened, HoldRequest request, CancellationToken cancel)
    {
        var placing = new HoldPlacing(opened.Source, opened.Store, opened.Keys, TimeProvider.System);
        if (await placing.PlaceAsync(request, cancel) is not PlacingResult.Placed placed)
            throw new CommandException(IsBusy);
        terminal.Line(placed.Id.ToString());
        var search = new IdentifierSearch(opened.Source, opened.Keys);
        var deleted = await new DeletedBefore(opened.Source, search, new ErasedIndex(opened.Keys)).FindAsync(
            request.Bot, request.Held, cancel);
        foreach (var one in deleted)
        {
            terminal.Note(one.ConversationId is { } id
                ? $"Deleted before, by {one.JobId}: {id}"
                : $"Deleted before, by {one.JobId}: {one.DeletedCount} of the channel user's conversations");
        }
        terminal.Note(deleted.Count == 0
            ? "As far as the ledger still knows, nothing of it was deleted before."
            : "All this is as far as the ledger still knows: what forgotten jobs deleted nobody can tell.");
    }

    private static async Task<HeldIdentifiers> HeldAsync(Terminal terminal, string? ids, string? cId, CancellationToken cancel)
    {
        if (ids is null == cId is null)
            throw CommandException.Usage("say what to hold: conversations by their ids (--ids FILE), or a channel user's (--cid FILE)");
        if ((ids ?? cId) == "-" && !Console.IsInputRedirected)
            terminal.Note("Type the ids, one a line, and end with Ctrl-D.");
        return ids is not null
            ? new HeldIdentifiers(await IdLines.ReadAsync("--ids", ids, Limits.ConversationIdsPerRequest, cancel), CId: null)
            : new HeldIdentifiers(ConversationIds: null, (await IdLines.ReadAsync("--cid", cId!, most: 1, cancel))[0]);
    }

    private static Verb List()
    {
        var verb = new Verb(
            "list", "Lists legal holds, newest first, without their ids.", "ledger hold list\nledger hold list --bot st-1 --live",
            "The last column counts the jobs that skipped conversations because of the hold.");
        var bot = new Option<string?>("--bot") { Description = "Only this bot's.", HelpName = "BOT" };
        var live = new Option<bool>("--live") { Description = "Only those that have not ended." };
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
        foreach (var option in new Option[] { bot, live, limit })
            verb.Add(option);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel);
            await NamedBot.RequireAsync(opened, parsed.GetValue(bot), cancel);
            var holds = await new HoldReader(opened.Source).ListAsync(
                parsed.GetValue(bot), parsed.GetValue(live) ? "live" : null, parsed.GetValue(limit), after: null, cancel);
            Terminal.Of(parsed).Table(
                ["hold", "bot", "status", "on", "placed", "by", "until", "reason", "skipping jobs"], [.. holds.Select(Row)],
                "There is no such legal hold.");
        });
        return verb;
    }

    private static string[] Row(ListedHold listed)
    {
        var hold = listed.Hold;
        return
        [
            hold.HoldId.ToString(), hold.Bot, hold.StatusName,
            hold.RequestType == RequestType.CId ? "a channel user" : $"{hold.Identifiers} conversation{(hold.Identifiers == 1 ? "" : "s")}",
            Instant.Text(hold.PlacedAt), hold.PlacedBy, hold.Until is { } until ? Instant.Text(until) : "-", hold.Reason ?? "-",
            $"{listed.Jobs}",
        ];
    }

    private static Verb Lift()
    {
        var verb = new Verb(
            "lift",
            "Lifts a legal hold and destroys its key. Names the jobs that skipped conversations because of it.",
            $"ledger hold lift {Sample} --reason settled",
            "The erasure of what these jobs skipped is owed again: submit it anew. The bot's owner and its webhook are told too.\n"
            + "What the hold was on, nobody can read afterwards. Backups are blind once the epoch key is rotated away, as after `ledger "
            + "forget`.");
        var hold = new Argument<string>("HOLD") { Description = "The hold's id, in full." };
        verb.Add(hold);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            if (!HoldId.TryParse(parsed.GetValue(hold), out var id))
                throw CommandException.Usage($"a legal hold's id is lh- and a version-5 UUID in lower case, such as {Sample}");
            await using var opened = await database.OpenAsync(parsed, cancel);
            var ending = new HoldEnding(
                opened.Source, opened.Store, new HoldReader(opened.Source), new Messages(), TimeProvider.System);
            var terminal = Terminal.Of(parsed);
            switch (await ending.EndAsync(bot: null, id, new LiftHold(by.Actor(parsed), by.Reason(parsed)), cancel))
            {
                case EndingResult.Ended ended:
                    terminal.Table(
                        ["job", "skipped because of it"],
                        [.. ended.Jobs.Select(job => new[] { job.JobId.ToString(), $"{job.Conversations}" })],
                        "No job skipped anything because of it.");
                    terminal.Note(ended.Jobs.Count == 0 ? "Lifted." : "Lifted. Their erasure is owed again: submit it anew.");
                    break;
                case EndingResult.Refused refused:
                    throw new CommandException(refused.Message);
                case EndingResult.Busy:
                    throw new CommandException(IsBusy);
                default:
                    throw new CommandException("there is no such legal hold: `ledger hold list` shows them");
            }
        });
        return verb;
    }
}
