using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Contracts.Jobs;
using Ledger.Verifier;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger proof</c></summary>
internal static class ProofCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "proof",
            "Writes the erasure proof of a job that has ended, of one of its conversations, or of all jobs of a bot.",
            "ledger proof cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c\n"
            + "ledger proof cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c -o job.erasure-proof --without-ids\n"
            + "ledger proof cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --conversation\n"
            + "ledger proof --bot st-1 --from 2026-05-01 --to 2026-05-31 -o proofs/may",
            "A proof is checked offline, with nothing but the log's public key. While a job's key lives, its proof names the "
            + "conversations by their ids, which is recorded;\n"
                + "--without-ids leaves them out. With --conversation the id is read from standard input (`… --conversation < id.txt`), "
                + "so that it stands in no list of processes and in no history of a shell.\n"
                + "With --bot, -o is a folder: it gets a file for each job that was submitted from --from until --to, whole days of UTC, "
                + "and summary.tsv, which lists them."
        );
        var options = new Options(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var meant = options.Read(parsed);
            await using var database = await options.Database.OpenAsync(parsed, cancel, needsKeys: true);
            await NamedBot.RequireAsync(database, meant.Bot, cancel);
            var proofs = new ProofFiles(database, Terminal.Of(parsed), options.By.Actor(parsed), options.By.Reason(parsed), meant.WithIds);
            await (meant switch
            {
                { Job: { } job, IsConversation: true } =>
                    proofs.ConversationAsync(job, await ReadIdAsync(Terminal.Of(parsed), cancel), meant.Output, cancel),
                { Job: { } job } => proofs.JobAsync(job, meant.Output, cancel),
                _ => proofs.OfBotAsync(meant.Bot!, meant.From!.Value, meant.To!.Value, meant.Output!, cancel),
            });
        });
        return verb;
    }

    private static async Task<string> ReadIdAsync(Terminal terminal, CancellationToken cancel)
    {
        if (!Console.IsInputRedirected)
            terminal.Note("Type the conversation's id, and end with Ctrl-D on a line of its own.");
        return (await IdLines.ReadAsync("--conversation", GivenFile.StandardInput, most: 1, cancel))[0];
    }

    /// <summary>The thing to prove: a job, one of its conversations, or a bot's jobs.</summary>
    private sealed record Meant(
        JobId? Job, bool IsConversation, string? Bot, DateTimeOffset? From, DateTimeOffset? To, string? Output, bool WithIds);

    private sealed class Options
    {
        private readonly Argument<string?> _job = new("JOB")
        {
            Description = "The job's id, as the submission answered it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        private readonly Option<bool> _conversation = new("--conversation")
        {
            Description = "Prove one conversation; its id comes from standard input.",
        };
        private readonly Option<string?> _bot = new("--bot")
        {
            Description = "Prove all jobs of this bot that have ended.",
            HelpName = "BOT",
        };
        private readonly Option<DateTimeOffset?> _from = OptionValues.Instant("--from", "With --bot: jobs submitted from then on.");
        private readonly Option<DateTimeOffset?> _to = OptionValues.Instant(
            "--to", "With --bot: jobs submitted until then; a date includes its day.", isStart: false);
        private readonly Option<bool> _withoutIds = new("--without-ids") { Description = "Leave the ids out of the proof." };
        private readonly Option<string?> _output = new("-o", "--output")
        {
            Description = "The file to write, by default named after the job, in the current folder. With --bot: the folder.",
            HelpName = "FILE",
        };

        public Options(Verb verb)
        {
            verb.Add(_job);
            foreach (var option in new Option[] { _output, _withoutIds, _conversation, _bot, _from, _to })
                verb.Add(option);
            By = RecordedBy.AddTo(verb);
            Database = DatabaseOptions.AddTo(verb, withKeys: true);
        }

        public RecordedBy By { get; }

        public DatabaseOptions Database { get; }

        public Meant Read(ParseResult parsed)
        {
            var (given, bot, from, to) = (parsed.GetValue(_job), parsed.GetValue(_bot), parsed.GetValue(_from), parsed.GetValue(_to));
            var meant = new Meant(
                null, parsed.GetValue(_conversation), bot, from, to, parsed.GetValue(_output), !parsed.GetValue(_withoutIds));
            if (given is null == bot is null)
                throw CommandException.Usage("name a job, or a bot (--bot BOT --from DATE --to DATE -o DIR)");
            if (bot is not null && (from is null || to is null || meant.Output is null || meant.IsConversation))
                throw CommandException.Usage("--bot needs --from DATE, --to DATE and -o DIR, and proves whole jobs");
            if (bot is null && (from ?? to) is not null)
                throw CommandException.Usage("--from and --to choose among the jobs of a bot: name it with --bot");
            if (meant is { IsConversation: true, WithIds: false })
                throw CommandException.Usage("--conversation proves one conversation by its id: --without-ids makes no sense with it");
            return given is null ? meant
                : JobId.TryParse(given, out var job) ? meant with { Job = job }
                : throw CommandException.Usage(
                    "a job id is cdj- and a version-5 UUID in lower case, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c");
        }
    }
}
