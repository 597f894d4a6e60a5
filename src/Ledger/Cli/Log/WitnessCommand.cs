using System.CommandLine;
using Ledger.Cli.Run;
using Ledger.Contracts.Transparency;
using Ledger.Machine;
using Ledger.Witnessing;

namespace Ledger.Cli.Log;

/// <summary><c>ledger witness serve</c>, <c>ledger witness key</c></summary>
internal static class WitnessCommand
{
    public static Verb Verb() => new(
        "witness",
        "Runs a witness: it cosigns a log's checkpoints as long as the log only ever grows.",
        "ledger witness key witness.example/w1 --out witness.key",
        "An auditor runs one, apart from the ledger and its operator. It needs no database, only its key and a folder.")
    {
        KeyVerb(),
        ServeVerb(),
    };

    private static Verb KeyVerb()
    {
        var verb = new Verb(
            "key",
            "Makes a witness's key in a new file and prints its public half, the vkey that goes into policies.",
            "ledger witness key witness.example/w1 --out witness.key",
            "NAME is a URL without its scheme that tells this witness from all others; nothing has to be reachable there.");
        var name = new Argument<string>("NAME") { Description = "The witness's name, like witness.example/w1." };
        var file = new Option<string>("--out") { Description = "The file to make.", HelpName = "FILE", Required = true };
        verb.Add(name);
        verb.Add(file);
        verb.SetAction(parsed =>
        {
            var key = WitnessKeyFile.Create(parsed.GetRequiredValue(name), parsed.GetRequiredValue(file));
            Terminal.Of(parsed).Line(key.ToString());
        });
        return verb;
    }

    private static Verb ServeVerb()
    {
        var verb = new Verb(
            "serve",
            "Witnesses logs over HTTP (c2sp.org/tlog-witness): POST /add-checkpoint, GET /HASH/checkpoint. "
            + "Ctrl-C, SIGTERM or SIGHUP end it.",
            "ledger witness serve --key witness.key --state ./witness --log "
            + "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx --urls http://0.0.0.0:8081",
            "What it cosigned last is in the state folder, and is all that keeps it honest: back the folder up with nothing older than "
            + "itself, and never\n"
                + "start it on an older copy. Where the folder is lost, begin anew with a new key. A witness that others should believe "
                + "is reached by HTTPS."
        );
        var key = new Option<string>("--key")
        {
            Description = "The witness's key, made with `ledger witness key`.",
            HelpName = "FILE",
            Required = true,
        };
        var state = new Option<string>("--state")
        {
            Description = "The folder that remembers what was cosigned.",
            HelpName = "DIR",
            Required = true,
        };
        var logs = new Option<NoteVerifier[]>("--log")
        {
            Description = "A log's public key. Repeat it for several.",
            HelpName = "VKEY",
            Required = true,
            CustomParser = result => [.. result.Tokens.Select(token => Log(token.Value, result)).OfType<NoteVerifier>()],
        };
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen; several separated by semicolons.",
            HelpName = "URL",
            DefaultValueFactory = _ => "http://127.0.0.1:8081",
        };
        foreach (var option in (Option[])[key, state, logs, urls])
            verb.Add(option);
        verb.SetAction(
            (parsed, cancel) =>
                RunAsync(
                    Terminal.Of(parsed), parsed.GetRequiredValue(key), parsed.GetRequiredValue(state), parsed.GetRequiredValue(logs),
                    parsed.GetRequiredValue(urls), cancel)
        );
        return verb;
    }

    private static async Task RunAsync(
        Terminal terminal, string keyFile, string state, NoteVerifier[] logs, string urls, CancellationToken cancel)
    {
        ListenAddresses.Check(urls);
        var key = WitnessKeyFile.Read(keyFile);
        var witness = WitnessService.Build(new WitnessSettings { Key = key, Logs = [.. logs.Distinct()], State = state, Urls = urls });
        await using var running = new RunningNode(witness);
        if (FaultPoint.ArmedPoint is { } point)
            witness.Logger.LogWarning("LEDGER_FAULT_POINT is set: THIS PROCESS WILL STOP ITSELF at {FaultPoint}. For tests only", point);
        await witness.StartAsync(cancel);
        terminal.Line($"Witness {key.Verifier}");
        foreach (var origin in witness.Services.GetRequiredService<Witness>().Origins)
        {
            var latest = witness.Services.GetRequiredService<WitnessState>().Latest(origin);
            terminal.Line(
                $"Witnessing {origin}: "
                + $"{(latest is null ? "nothing cosigned yet" : $"cosigned up to {Checkpoint.Parse(latest.Text).Size} leaves")}"
            );
        }
        ServeCommand.TellAddresses(terminal, witness);
        terminal.Note("Ctrl-C stops the witness.");
        Systemd.TellReady(terminal);
        await witness.WaitForShutdownAsync(cancel);
    }

    private static NoteVerifier? Log(string vkey, System.CommandLine.Parsing.ArgumentResult result)
    {
        try
        {
            if (NoteVerifier.Parse(vkey) is { Type: NoteKeyType.Ed25519 } key)
                return key;
            result.AddError("--log must be a log's key (type 0x01), and this is a witness's");
        }
        catch (FormatException e)
        {
            result.AddError($"--log must be a log's public key: {e.Message}");
        }
        return null;
    }
}
