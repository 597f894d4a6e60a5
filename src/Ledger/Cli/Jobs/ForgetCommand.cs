using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Cli.Run;
using Ledger.Contracts;
using Ledger.Contracts.Jobs;
using Ledger.Forgetting;
using Ledger.Keys.Rotation;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger forget JOB</c></summary>
internal static class ForgetCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "forget",
            "Destroys what leads from an ended job back to identifiers: its key, its sealed request and its sealed list. Cannot be undone.",
            "ledger forget cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --reason 'request of May'\nledger forget "
            + "cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c --rotate",
            "The job's events, counts and proofs stay, and proofs that were handed out still verify. What nobody can do afterwards: "
            + "disclose the job's ids, find them,\n"
                + "or repeat its submission under its idempotency key. Backups, WAL and replicas are blind only once the epoch key is "
                + "rotated away: with --rotate at once,\n"
                + "else by a running service within a day. A copy of the key folder keeps them readable, so keep none for longer than "
                + "you want to remember."
        );
        var job = new Argument<string>("JOB") { Description = "The job's id, in full." };
        var rotate = new Option<bool>("--rotate") { Description = "Rotate the epoch key at once, as `ledger key rotate` does." };
        verb.Add(job);
        verb.Add(rotate);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                if (!JobId.TryParse(parsed.GetValue(job), out var id))
                    throw CommandException.Usage(
                        "a job id is cdj- and a version-5 UUID in lower case, such as cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c");
                await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: parsed.GetValue(rotate));
                var (forgotten, rejection) = await new JobForgetting(opened.Source, opened.Store, TimeProvider.System).ForgetAsync(
                    id, by.Actor(parsed), by.Reason(parsed), cancel);
                CommandException.ThrowIf(rejection);
                var terminal = Terminal.Of(parsed);
                Tell(terminal, id, forgotten!);
                if (parsed.GetValue(rotate))
                    await KeyRotateCommand.RotateAsync(terminal, opened, RotateWhen.Forgotten, by.Actor(parsed), by.Reason(parsed), cancel);
                else if (forgotten!.At is not null)
                    TellOfBackups(terminal, forgotten);
                terminal.Line(
                    "Copies of the key folder are not covered: with one from before a rotation, a backup from before it can be read.");
            }
        );
        return verb;
    }

    private static void Tell(Terminal terminal, JobId id, ForgottenJob job)
    {
        if (job.At is not { } at)
        {
            terminal.Line($"{id} was forgotten before: there is nothing left to destroy.");
            return;
        }
        terminal.Line(
            $"Forgot {id} of bot {job.Bot}. Destroyed: its key, its sealed request, and its sealed list ({job.ManifestRows} rows, "
            + $"{job.Identifiers} conversations)."
        );
        terminal.Line($"The live database is blind to it from {Instant.Text(at)} on.");
    }

    private static void TellOfBackups(Terminal terminal, ForgottenJob job) =>
        terminal.Line(
            $"Backups, WAL and replicas can still be read with the key of epoch {job.Epoch} or an earlier one. A running service "
            + $"destroys them at about {Instant.Text(job.RotationDueAt)}; "
                + "`ledger key rotate --now` does it at once."
        );
}
