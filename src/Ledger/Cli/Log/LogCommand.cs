using System.CommandLine;
using Ledger.Cli.Registry;
using Ledger.Contracts.Transparency;
using Ledger.Database.Embedded;
using Ledger.Hosting;
using Ledger.Keys;
using Ledger.Log;
using Ledger.Log.Sequencing;

namespace Ledger.Cli.Log;

/// <summary><c>ledger log key|checkpoint|consistency|export|new-origin</c></summary>
internal static class LogCommand
{
    public static Verb Verb() =>
        new Verb("log", "The transparency log, which proves what was recorded.", "ledger log key\nledger log checkpoint")
        {
            Key(), Checkpoint(), Consistency(), LogExportCommand.Verb(), NewOrigin(),
        };

    private static Verb Key()
    {
        var verb = new Verb(
            "key",
            "Prints the log's public key (vkey): what a regulator needs besides a proof. Give it to them in another way than the proofs.",
            "ledger log key --keys /etc/ledger/keys");
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(parsed =>
        {
            database.RefuseBoth(parsed);
            var folder = database.Data(parsed) is { } data
                ? EmbeddedDatabase.KeysOf(data)
                : database.Keys(parsed) ?? EmbeddedDatabase.KeysOf(DataFolder.Default());
            Terminal.Of(parsed).Line(LogKeyFile.Read(folder).Verifier.ToString());
        });
        return verb;
    }

    private static Verb Checkpoint()
    {
        var verb = new Verb(
            "checkpoint",
            "Prints the latest published checkpoint, a signed note. Kept elsewhere, it shows later whether this log was rolled back or "
            + "rewritten.",
            "ledger log checkpoint --data ./ledger-data");
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
            await parsed.InvocationConfiguration.Output.WriteAsync((await LatestAsync(opened, cancel)).Note);
        });
        return verb;
    }

    private static Verb Consistency()
    {
        var verb = new Verb(
            "consistency",
            "Prints the proof that the log of today begins with that of an older checkpoint: what `ledger verify --checkpoint OLDER "
            + "--consistency FILE` asks for.",
            "ledger log consistency kept.checkpoint > consistency.txt",
            "It ends with the latest published checkpoint, whose size the proof to be checked must have (or OLDER must): make both at "
            + "the same moment."
        );
        var older = new Argument<string>("OLDER") { Description = "A file with a checkpoint of this log; - is standard input." };
        verb.Add(older);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(
            async (parsed, cancel) =>
            {
                var kept = (await GivenText.NoteAsync("OLDER", parsed.GetValue(older)!, cancel)).Checkpoint;
                await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
                var latest = await LatestAsync(opened, cancel);
                if (kept.Origin != latest.Checkpoint.Origin || kept.Size > latest.Checkpoint.Size)
                    throw new CommandException(
                        $"the checkpoint is of {kept.Size} leaves of '{kept.Origin}', and this log is '{latest.Checkpoint.Origin}' with "
                        + $"{latest.Checkpoint.Size}: it does not begin with it"
                    );
                var proof = await ConsistencyProof.ProveAsync(kept.Size, latest.Checkpoint.Size, TileStore.Nodes(opened.Source), cancel);
                await parsed.InvocationConfiguration.Output.WriteAsync(
                    new AddCheckpointRequest(kept.Size, proof, SignedNote.Parse(latest.Note)).ToString());
            }
        );
        return verb;
    }

    private static async Task<StoredCheckpoint> LatestAsync(OpenDatabase opened, CancellationToken cancel)
    {
        await using var connection = await opened.Source.OpenConnectionAsync(cancel);
        return await new PublishedLog(opened.Source, opened.Keys, TimeProvider.System).LatestAsync(connection, cancel)
            ?? throw new CommandException(
                "no checkpoint is published yet: a running `ledger serve` publishes one within a second of the first event");
    }

    private static Verb NewOrigin()
    {
        var verb = new Verb(
            "new-origin",
            "Gives the log a new name and key, for ever, and records it in the log. Needed after a restore that lost events, or when the "
            + "key became known.",
            "ledger log new-origin ledger.example.com/b --reason 'restored the backup of May 8, later events are lost'",
            "The tree goes on; proofs made before stay valid under the old vkey, which is kept in the key folder (log-000001.vkey) with "
            + "the last checkpoint\n"
                + "that it signed. Publish the new vkey, copy the key folder to the other nodes, and tell witnesses. Deletions wait "
                + "until the new name's first checkpoint."
        );
        var name = new Argument<string>("NAME") { Description = "A URL without its scheme, such as ledger.example.com/tenant-a." };
        verb.Add(name);
        var by = RecordedBy.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using var opened = await database.OpenAsync(parsed, cancel, needsKeys: true);
            var key = await OriginChange.RunAsync(opened.Source, opened.Store, opened.Keys.Folder, parsed.GetValue(name)!,
                by.Actor(parsed), by.Reason(parsed), TimeProvider.System, cancel);
            Terminal.Of(parsed).Note("The log goes on under its new name. Its public key is:");
            Terminal.Of(parsed).Line(key.ToString());
        });
        return verb;
    }
}
