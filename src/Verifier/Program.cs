using System.CommandLine;
using Ledger.Verifier;

if (StandardStreams.AreClosed("erasure-verify"))
    return VerifyOptions.NotAsked;
Utf8Output.Begin();
var options = new VerifyOptions("erasure-verify");
var root = new RootCommand(
    $"Checks a proof of erasure offline: a job's erasure proof or a conversation's .tlog-proof.\n\n{VerifyOptions.Help("erasure-verify")}");
options.AddTo(root);
root.SetAction(options.RunAsync);
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var problem in parsed.Errors.Select(problem => problem.Message).Distinct())
        Console.Error.WriteLine($"erasure-verify: {problem}");
    Console.Error.WriteLine("See `erasure-verify --help`.");
    return VerifyOptions.NotAsked;
}
return await parsed.InvokeAsync();
