using System.CommandLine;
using Ledger.Audit;
using Ledger.Audit.Mirror;
using Ledger.Contracts.Transparency;
using Ledger.Hosting;
using Ledger.Verifier;

namespace Ledger.Cli.Log;

/// <summary><c>ledger log export DIR</c></summary>
internal static class LogExportCommand
{
    private const string TokenVariable = ServiceAccess.TokenVariable;

    public static Verb Verb()
    {
        var verb = new Verb(
            "export",
            "Mirrors the log as static files, or brings a mirror up to date. A log that does not go on from what the mirror holds is "
            + "refused.",
            "ledger log export /srv/log-mirror\nledger log export /srv/log-mirror --from https://ledger.example.com/log --key VKEY "
            + "--token-stdin < token.txt",
            "The files are those of c2sp.org/tlog-tiles: any web server can serve the folder as a log, and `ledger audit --mirror` "
            + "audits it without a database. The\n"
                + "entries hold every bot's events, with commitments in place of ids. Keep the mirror where a restore of the database "
                + "does not reach it: after one, it names what was lost.\n"
                + $"Over HTTP, entries need a token of a client with the scope 'Ledger Audit' for all bots (--bot '*'): from "
                + $"{TokenVariable} or standard input, "
                + "so that it stands in no list of processes."
        );
        var folder = new Argument<string>("DIR") { Description = "The mirror's folder; made where it is not there." };
        var from = new Option<string?>("--from")
        {
            Description =
                "Take the log over HTTP from here instead of from a database: a service's address, with or without /log, or a mirror's.",
            HelpName = "URL",
        };
        var token = new Option<bool>("--token-stdin")
        {
            Description = $"With --from: read the token from standard input (else from {TokenVariable}).",
        };
        var keys = new Option<string[]>("--key")
        {
            Description =
                "The log's public key, or a file that holds it: checkpoints that it did not sign are refused. Repeat it for each name "
                + "that the log had.",
            HelpName = "VKEY",
        };
        verb.Add(folder);
        foreach (var option in new Option[] { from, token, keys })
            verb.Add(option);
        var http = PlainHttp.AddTo(verb);
        var database = DatabaseOptions.AddTo(verb, withKeys: true);
        verb.SetAction(async (parsed, cancel) =>
        {
            var mirror = new MirrorFolder(parsed.GetValue(folder)!);
            var vkeys = await KeysAsync(parsed.GetValue(keys) ?? [], database, parsed, cancel);
            if (parsed.GetValue(from) is { } url)
            {
                var address = Address(url);
                var given = parsed.GetValue(token)
                    ? await GivenText.TokenAsync("--token-stdin", GivenFile.StandardInput, cancel)
                    : GivenText.TokenOf(TokenVariable);
                if (given is not null)
                    http.Refuse(parsed, address);
                await FromUrlAsync(parsed, mirror, vkeys, address, given, cancel);
            }
            else
            {
                await FromDatabaseAsync(parsed, mirror, vkeys, database, cancel);
            }
        });
        return verb;
    }

    private static async Task FromDatabaseAsync(
        ParseResult parsed, MirrorFolder mirror, IReadOnlyList<NoteVerifier> keys, DatabaseOptions options, CancellationToken cancel)
    {
        await using var database = await options.OpenAsync(parsed, cancel);
        await using var snapshot = await AuditSnapshot.TakeAsync(database.Source, cancel);
        await RunAsync(Terminal.Of(parsed), new DatabaseLogSource(snapshot), mirror, keys, cancel);
    }

    private static Uri Address(string url) =>
        Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw CommandException.Usage("--from must be the address of a service or a log, such as https://ledger.example.com");

    private static async Task FromUrlAsync(
        ParseResult parsed, MirrorFolder mirror, IReadOnlyList<NoteVerifier> keys, Uri address, string? token, CancellationToken cancel)
    {
        using var http = HttpLogSource.Client(address, token);
        await RunAsync(Terminal.Of(parsed), new HttpLogSource(http), mirror, keys, cancel);
    }

    private static async Task RunAsync(
        Terminal terminal, ILogSource source, MirrorFolder mirror, IReadOnlyList<NoteVerifier> keys, CancellationToken cancel)
    {
        if (keys.Count == 0)
            terminal.Warn("signatures are not checked: give the log's public key (--key)");
        var result = await ProgressDisplay.RunAsync(
            terminal,
            "Mirroring the log",
            ((long Done, long Total) leaves, TimeSpan _) =>
                new ShownProgress($"{leaves.Done:N0} of {leaves.Total:N0} leaves", 100.0 * leaves.Done / Math.Max(leaves.Total, 1)),
            progress => new LogExport(source, mirror, keys).RunAsync((done, total) => progress((done, total)), cancel)
        );
        terminal.Line(
            $"The mirror in {Path.GetFullPath(mirror.Folder)} holds {result.After:N0} leaves of {result.Origin}, "
            + $"{result.After - result.Before:N0} of them new, and their root is the checkpoint's."
        );
    }

    private static async Task<IReadOnlyList<NoteVerifier>> KeysAsync(
        string[] given, DatabaseOptions database, ParseResult parsed, CancellationToken cancel)
    {
        if (given.Length > 0)
            return await GivenText.VkeysAsync("--key", given, cancel);
        var folder = database.Data(parsed) is { } data ? EmbeddedDatabase.KeysOf(data) : database.Keys(parsed);
        return folder is null ? [] : LogKeys.Of(folder);
    }
}
