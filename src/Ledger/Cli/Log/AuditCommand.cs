using System.CommandLine;
using Ledger.Audit;
using Ledger.Audit.Mirror;
using Ledger.Contracts.Transparency;

namespace Ledger.Cli.Log;

/// <summary><c>ledger audit</c></summary>
internal sealed class AuditCommand
{
    private readonly Option<string?> _since = new("--since")
    {
        Description = "Only what came after this checkpoint, which the log must be consistent with.",
        HelpName = "FILE",
    };
    private readonly Option<string[]> _checkpoints = new("--checkpoint")
    {
        Description = "A checkpoint that you kept: the log must be consistent with it. Repeat it for several.",
        HelpName = "FILE",
    };
    private readonly Option<string[]> _keys = new("--key")
    {
        Description =
            "The log's public key, as `ledger log key` prints it, or a file that holds it. Repeat it for each name that the log had.",
        HelpName = "VKEY",
    };
    private readonly Option<string?> _mirror = new("--mirror")
    {
        Description = "Audit this mirror of the log instead, and compare it with the database if one is named.",
        HelpName = "DIR",
    };
    private readonly Option<bool> _json = new("--json") { Description = "Print the result as JSON, complete." };
    private readonly DatabaseOptions _database;

    private AuditCommand(Verb verb)
    {
        foreach (var option in new Option[] { _since, _checkpoints, _keys, _mirror, _json })
            verb.Add(option);
        _database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(RunAsync);
    }

    public static Verb Verb()
    {
        var verb = new Verb(
            "audit",
            "Re-derives the log, every status document and every count from the events, and names the first thing of each kind that "
            + "differs.",
            "ledger audit --key VKEY --checkpoint 2026-05-08.checkpoint\nledger audit --mirror /srv/log-mirror --key VKEY\nledger audit "
            + "--mirror /srv/log-mirror --data /var/lib/ledger",
            "It reads one snapshot and writes nothing: the service goes on meanwhile. The key folder is not needed. If it is at hand,\n"
            + "its public keys are used, and the checkpoint that the signer keeps in it is compared. Get VKEY and checkpoints in another\n"
            + "way than the database that they are to judge. Events that no signature covers after 10 seconds are a difference. After a\n"
            + "restore, --mirror with the restored database names the jobs that are lost, the conversations to erase again and the jobs\n"
            + "to forget again. The exit code is 0 only if nothing differs.");
        _ = new AuditCommand(verb);
        return verb;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var terminal = Terminal.Of(parsed);
        var request = await RequestAsync(parsed, cancel);
        using var text = parsed.GetValue(_json) ? null : new AuditText(terminal);
        using var json = text is null ? new AuditJson(terminal.Output) : null;
        AuditOutput output = text is null ? json! : text;
        var holds = parsed.GetValue(_mirror) is { } folder
            ? await AuditMirrorAsync(parsed, terminal, new MirrorFolder(folder), request, output, cancel)
            : await AuditDatabaseAsync(parsed, terminal, request, output, cancel);
        return holds ? ExitCodes.Done : ExitCodes.Failed;
    }

    private async Task<bool> AuditDatabaseAsync(
        ParseResult parsed, Terminal terminal, AuditRequest request, AuditOutput output, CancellationToken cancel)
    {
        await using var database = await _database.OpenAsync(parsed, cancel);
        var report = await WithProgressAsync(terminal, "Auditing the database", progress =>
            DatabaseAudit.RunAsync(database.Source, request with { Keys = Keys(request, parsed), Progress = progress }, cancel));
        output.Report("database", report);
        return report.Findings.Count == 0;
    }

    private async Task<bool> AuditMirrorAsync(
        ParseResult parsed, Terminal terminal, MirrorFolder mirror, AuditRequest request, AuditOutput output, CancellationToken cancel)
    {
        request = request with { Keys = Keys(request, parsed) };
        var report = await WithProgressAsync(
            terminal, "Auditing the mirror", progress => MirrorAudit.RunAsync(mirror, request with { Progress = progress }, cancel));
        output.Report("mirror", report);
        if (!_database.IsNamed(parsed) || report.Findings.Count > 0)
            return report.Findings.Count == 0;
        await using var database = await _database.OpenAsync(
            parsed, cancel, needsKeys: _database.Data(parsed) is null && _database.Keys(parsed) is not null);
        var beside = request with { Checkpoints = [.. request.Checkpoints, KeptNote.Yours(mirror.Checkpoint()!, "in the mirror")] };
        var compared = await WithProgressAsync(terminal, "Auditing the database", progress =>
            DatabaseAudit.RunAsync(database.Source, beside with { Progress = progress }, cancel));
        output.Report("database", compared);
        var lost = new LostWork(mirror, report.Size, database.Source, database.KeysOrNull);
        var common = await lost.CommonAsync(cancel);
        await output.LostAsync(
            common, report.Size, lost.JobsAsync(common, cancel), lost.ErasuresAsync(common, cancel), lost.ForgettingsAsync(common, cancel));
        return compared.Findings.Count == 0 && common == report.Size;
    }

    private static Task<AuditReport> WithProgressAsync(
        Terminal terminal, string what, Func<Action<AuditProgress>, Task<AuditReport>> audit) =>
        ProgressDisplay.RunAsync(
            terminal,
            what,
            (AuditProgress progress, TimeSpan elapsed) =>
                new ShownProgress(
                    $"{what}: {progress.Leaves:N0} leaves ({progress.Leaves / Math.Max(elapsed.TotalSeconds, 0.001):N0}/s), "
                    + $"{progress.Events:N0} events replayed",
                    Math.Min(100, 100.0 * (progress.Leaves + progress.Events) / Math.Max(progress.Total, 1))),
            audit
        );

    private async Task<AuditRequest> RequestAsync(ParseResult parsed, CancellationToken cancel)
    {
        var (since, keys, kept) = (parsed.GetValue(_since), parsed.GetValue(_keys) ?? [], parsed.GetValue(_checkpoints) ?? []);
        GivenText.RefuseTwice([since, .. kept]);
        var checkpoints = new List<KeptNote>();
        foreach (var file in kept)
            checkpoints.Add(await NoteAsync("--checkpoint", file, cancel));
        return new AuditRequest
        {
            Keys = await GivenText.VkeysAsync("--key", keys, cancel),
            Since = since is null ? null : await NoteAsync("--since", since, cancel),
            Checkpoints = checkpoints,
            // Read before the database is: what is signed by then is in it.
            BesideKeys = KeyFolderOf(parsed) is { } folder ? LogKeys.CheckpointsOf(folder) : [],
        };
    }

    /// <summary>
    /// The key folder of the ledger that is audited; null: it is not known. A mirror need not be of the ledger that this machine has.
    /// </summary>
    private string? KeyFolderOf(ParseResult parsed) => parsed.GetValue(_mirror) is null || _database.IsNamed(parsed)
        ? _database.KeysAtHand(parsed)
        : _database.Keys(parsed);

    /// <summary>The keys that were given, else those of the key folder.</summary>
    private IReadOnlyList<NoteVerifier> Keys(AuditRequest request, ParseResult parsed)
    {
        var folder = KeyFolderOf(parsed);
        return request.Keys.Count > 0 || folder is null ? request.Keys : LogKeys.Of(folder);
    }

    private static async Task<KeptNote> NoteAsync(string option, string file, CancellationToken cancel) =>
        KeptNote.Yours((await GivenText.NoteAsync(option, file, cancel)).Note, file);
}
