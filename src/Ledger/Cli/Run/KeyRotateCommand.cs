using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Contracts;
using Ledger.Keys.Rotation;

namespace Ledger.Cli.Run;

/// <summary><c>ledger key rotate</c></summary>
internal static class KeyRotateCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "rotate",
            "Wraps the keys of all jobs that were not forgotten under a new epoch key, and destroys the old one. Services go on meanwhile.",
            "ledger key rotate\nledger key rotate --now --reason 'a backup was mislaid'",
            "A running service does this by itself, a day after the last time, if a job was forgotten since. Only from then on are "
            + "backups, WAL and replicas blind to forgotten jobs.\n"
                + "Backups from before are still good for all other jobs, together with the key folder as it then is; keep no older copy "
                + "of it. On a database that was\n"
                + "restored from a backup rotate only once you are sure to stay with it: what is not in it loses its key.\n"
                + "Run it as the user that the service runs as, or as root."
        );
        var now = new Option<bool>("--now") { Description = "Also if no job was forgotten since the last time." };
        verb.Add(now);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
            var when = parsed.GetValue(now) ? RotateWhen.Now : RotateWhen.Forgotten;
            await RotateAsync(Terminal.Of(parsed), opened, when, by.Actor(parsed), by.Reason(parsed), cancel);
        });
        return verb;
    }

    /// <summary>Rotates and tells what that means.</summary>
    public static async Task RotateAsync(
        Terminal terminal, OpenDatabase opened, RotateWhen when, string actor, string? reason, CancellationToken cancel)
    {
        switch (await new KeyRotation(opened.Source, opened.Store, opened.Keys, TimeProvider.System).RunOnceAsync(
            when, actor, reason, cancel))
        {
            case RotationResult.Rotated rotated:
                terminal.Line(
                    $"Destroyed the keys of epochs {string.Join(", ", rotated.Destroyed)} by {Instant.Text(rotated.At)}; job keys are "
                    + $"wrapped under epoch {rotated.Epoch}."
                );
                terminal.Line(
                    "From then on backups, WAL and replicas are blind to what was forgotten before. Running services drop the old keys "
                    + "from memory within a minute."
                );
                break;
            case RotationResult.NotDue notDue:
                terminal.Line(
                    $"Nothing was forgotten since epoch {notDue.Epoch} was opened at {Instant.Text(notDue.OpenedAt)}: there is nothing "
                    + "to rotate away (--now rotates all the same)."
                );
                break;
            case RotationResult.Busy:
                throw new CommandException("another process rotates the keys at this moment: try again when it is done");
        }
    }
}
