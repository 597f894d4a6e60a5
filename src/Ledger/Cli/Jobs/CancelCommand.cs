using System.CommandLine;
using Ledger.Contracts.Jobs;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger cancel</c></summary>
internal static class CancelCommand
{
    public static Verb Verb()
    {
        var job = new Argument<string>("JOB") { Description = "The job's id, as the submission answered it." };
        var bot = new Option<string>("--bot") { Description = "The job's bot.", HelpName = "BOT", Required = true };
        var verb = new Verb(
            "cancel",
            "Cancels a deletion job at a running service, as an API client does.",
            "ledger cancel cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --bot st-1 --token-file token.txt",
            "Nothing more is deleted by the job once this has ended. A batch that is under way is waited for. What was deleted by then\n"
                + "stays deleted, and the facts say how much. A job that has ended cannot be cancelled. The token needs the scope "
                + "'Delete Conversations'.")
        {
            job,
            bot,
        };
        var service = ServiceAccess.AddTo(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var terminal = Terminal.Of(parsed);
            var id = JobId.TryParse(parsed.GetValue(job), out var read)
                ? read
                : throw CommandException.Usage("JOB must be a job's id, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c");
            using var api = await service.OpenAsync(parsed, [], cancel);
            var status = JobDisplay.Read(await api.CancelAsync(parsed.GetValue(bot)!, id, cancel));
            terminal.Facts(JobDisplay.Facts(status, parsed.GetValue(bot)!, client: null));
            return ExitCodes.Done;
        });
        return verb;
    }
}
