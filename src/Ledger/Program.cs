using Ledger.Cli;
using Ledger.Verifier;

Utf8Output.Begin();
HangUp.EndsAsSigterm();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
