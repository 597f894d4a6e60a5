using Ledger.Verifier;

namespace Ledger.Cli.Jobs;

/// <summary><c>ledger verify FILE</c>: what <c>erasure-verify</c> does, by the same code.</summary>
internal static class VerifyCommand
{
    public static Verb Verb()
    {
        var verb = new Verb(
            "verify", "Checks a proof of erasure offline, as erasure-verify does.",
            "ledger verify job.erasure-proof --key ledger.example.com/log+1a2b3c4d+AZ...",
            VerifyOptions.Help("ledger verify").Split("\n\nExample:")[0]);
        var options = new VerifyOptions("ledger");
        options.AddTo(verb);
        verb.SetAction(options.RunAsync);
        return verb;
    }
}
