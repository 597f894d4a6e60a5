using System.CommandLine;
using Ledger.Contracts.Bytes;
using Ledger.Contracts.Transparency;
using Ledger.Contracts.Transparency.Proofs;

namespace Ledger.Verifier;

/// <summary>
/// The arguments of <c>erasure-verify</c> and, compiled there too, of <c>ledger verify</c>. The check itself is
/// <see cref="Verification"/>.
/// </summary>
/// <param name="program">The program's name, for its messages.</param>
internal sealed class VerifyOptions(string program)
{
    /// <summary>Exit code: nothing was checked, because a key or a file could not be read.</summary>
    public const int NotAsked = 2;

    private const int MaxKeyBytes = 4_096;

    private readonly Argument<string> _proof = new("FILE") { Description = "The proof; - reads standard input." };
    private readonly Option<string> _key = new("--key")
    {
        Description = "The log's public key (a vkey), or a file that holds it. Get it from somewhere else than the proof.",
        HelpName = "VKEY",
        Required = true,
    };
    private readonly Option<string[]> _witnesses = new("--witness")
    {
        Description = "The public key of a witness that must have cosigned the log, or a file that holds it. May be repeated.",
        HelpName = "VKEY",
    };
    private readonly Option<string?> _policy = new("--policy")
    {
        Description = "A policy file (c2sp.org/tlog-policy): a quorum of its witnesses must have cosigned the log.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _older = new("--checkpoint")
    {
        Description = "A checkpoint of the log that you kept from another time: the log's history must not differ.",
        HelpName = "OLDER",
    };
    private readonly Option<string?> _consistency = new("--consistency")
    {
        Description =
            "With --checkpoint: the log's consistency proof between that checkpoint and the proof's, needed where their sizes differ.",
        HelpName = "PROOF",
    };
    private readonly Option<bool> _json = new("--json") { Description = "Print the report as JSON." };

    /// <summary>The help text: the facts that a user needs to use it well.</summary>
    public static string Help(string program) =>
        $"""
        Nothing is sent anywhere and nothing but the given files is read.
        Exit code 0: the proof holds. 1: it does not hold, or is no proof. 2: nothing was checked. 3: not proven, because a newer ledger
        made it: its signature and the log's hashes are right, but it holds an event or a value that this version does not know.
        0 says that the file is authentic, whole and true to the log, NOT that everything was erased: a job that failed, was cancelled or
        skipped conversations has a proof too, which then proves that. Read the first line, which begins with ERASED only if everything that
        the proof is about was erased (or "conclusion" in --json: erased, partlyErased, nothingErased or notCompleted). In --json, "verdict"
        is holds, doesNotHold or notProven.
        --checkpoint takes a file with any checkpoint that the log signed earlier or later, such as the lines behind the hashes of an
        older proof. If its size is another than the proof's, ask the log for a consistency proof (`ledger log consistency`; a file: old
        SIZE, the hashes one a line in base64, an empty line, the checkpoint of the larger size) and give it with --consistency. Without
        it the check fails.

        Example:
          {program} job.erasure-proof --key ledger.example.com/log+1a2b3c4d+AZ…
        """;

    public void AddTo(Command command)
    {
        command.Add(_proof);
        foreach (var option in (Option[])[_key, _witnesses, _policy, _older, _consistency, _json])
            command.Add(option);
    }

    /// <returns>An exit code: see <see cref="Help"/>.</returns>
    public async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        try
        {
            var file = parsed.GetValue(_proof)!;
            GivenFile.RefuseTwice(file, parsed.GetValue(_older), parsed.GetValue(_policy), parsed.GetValue(_consistency));
            var trust = await TrustAsync(parsed, cancel);
            await using var proof = GivenFile.Open(file);
            return await Verification.RunAsync(proof, trust, parsed.GetValue(_json), output, error, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            await error.WriteLineAsync($"{program}: {e.Message}");
            return NotAsked;
        }
    }

    private async Task<Trust> TrustAsync(ParseResult parsed, CancellationToken cancel)
    {
        var witnesses = new List<string>();
        foreach (var witness in parsed.GetValue(_witnesses) ?? [])
            witnesses.Add(await KeyAsync(witness, cancel));
        var trust = Trust.Parse(await KeyAsync(parsed.GetValue(_key)!, cancel), witnesses);
        if (parsed.GetValue(_consistency) is not null && parsed.GetValue(_older) is null)
            throw new FormatException("--consistency shows nothing without --checkpoint");
        trust = await WithAsync(
            parsed.GetValue(_older), SignedNote.MaxBytes, "the checkpoint", trust, bytes => trust.WithOlder(bytes), cancel);
        trust = await WithAsync(parsed.GetValue(_policy), Policy.MaxBytes, "the policy", trust, bytes => trust.WithPolicy(bytes), cancel);
        return await WithAsync(
            parsed.GetValue(_consistency), AddCheckpointRequest.MaxBytes, "the consistency proof", trust,
            bytes => trust.WithConsistency(bytes), cancel);
    }

    private static async Task<string> KeyAsync(string text, CancellationToken cancel) =>
        GivenFile.HasVkey(text) ? await ReadAsync(text, MaxKeyBytes, "the key", bytes => StrictText.Line(bytes), cancel) : text;

    private static Task<Trust> WithAsync(
        string? file, int most, string what, Trust without, Func<byte[], Trust> with, CancellationToken cancel) =>
        file is null ? Task.FromResult(without) : ReadAsync(file, most, what, with, cancel);

    private static async Task<T> ReadAsync<T>(string file, int most, string what, Func<byte[], T> read, CancellationToken cancel)
    {
        try
        {
            return read(await GivenFile.ReadAsync(file, most, cancel));
        }
        catch (FormatException e)
        {
            throw new FormatException($"{what} in '{file}' cannot be used: {e.Message}", e);
        }
    }
}
