// Reads a deletion ledger by a Marten store of its own, as docs/marten.md explains it.
//
//   create role bi login password '…' in role ledger_reader;     -- a superuser does this once
//   dotnet run --project samples/MartenReader -- --once --connection 'Host=…;Database=ledger;Username=bi;Password=…'
//
//   LedgerStore.cs   the ten lines of configuration: start here
//   Report.cs        reads the streams, folds one job's status, and loads the document of it
//   Follower.cs      an async projection, which follows the events across the gaps in their numbers
//   Problem.cs       what can go wrong, in words

using System.Runtime.InteropServices;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using MartenReader;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.Out.WriteLine(Arguments.Help);
    return 0;
}
if (Arguments.Read(args) is not { } arguments)
{
    Console.Error.WriteLine(Arguments.Usage);
    return 2;
}

using var stop = new CancellationTokenSource();
Action<PosixSignalContext> end = signal =>
{
    signal.Cancel = true;
    stop.Cancel();
};
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, end);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, end);
try
{
    var follower = new Follower(Console.Out);
    using var store = DocumentStore.For(options =>
    {
        LedgerStore.Configure(options, arguments.Connection);
        options.Projections.Add(follower, ProjectionLifecycle.Async, Follower.Name);
        options.Projections.AsyncMode = DaemonMode.Solo;
        // By default Marten leaves out the events that it cannot read. A report that lacks some is worse than none.
        options.Projections.Errors.SkipUnknownEvents = false;
        options.Projections.Errors.SkipSerializationErrors = false;
        options.Projections.Errors.SkipApplyErrors = false;
    });
    await Report.WriteAsync(store, arguments.Job, Console.Out, stop.Token);
    await follower.FollowAsync(store, arguments.Once, new Warnings(Console.Error), stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}
catch (Exception e)
{
    Console.Error.WriteLine(Problem.InWords(e));
    return 1;
}
