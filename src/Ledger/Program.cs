using Ledger;
using Ledger.Cli;
using Ledger.Verifier;

if (StandardStreams.AreClosed("ledger"))
    return VerifyOptions.NotAsked;
Utf8Output.Begin();
PgVariables.Forget();
HangUp.EndsAsSigterm();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
