using Ledger.Bench;

// dotnet run -c Release --project bench -- submit|delete|publish|rebuild|memory|jobs|import|proof|certificate|idle|all [--quick]
const string Usage = """
    Measures the ledger beside its floor, alternately, in one run, on an embedded PostgreSQL with fsync on.

      submit   submissions over HTTP with authentication, against bare one-row insert commits, at 8 connections;
               and how long their events wait until a published checkpoint covers them
      delete   a job's deletions with everything on, against the bare DELETEs in the same batches
      publish  a backlog that is sequenced, integrated and signed, against the hashes of its entries in a loop
      rebuild  a rebuild in which nothing is wrong, against a bare select of the same events
      memory   peak memory of a job over 200,000 conversations, against one over 2,000
      jobs     memory that a node holds after 20,000 jobs of three conversations, against after 200
      import   peak memory and time of an import of 1,000,000 lines beside 1,000,000 erased conversations, against an empty ledger
      proof    peak managed memory while a proof of 1,000,000 events is written and checked, against one of 10,000
      certificate  the certificate of a job of 1,000,000 conversations, against a bare select of its events; and its memory
      idle     write-ahead log of a node that has nothing to do, with one open window and with 50 more; not part of `all`
      all      all of them, written to docs/benchmarks.md

      --quick  fewer and shorter rounds: a look, no figures to quote; writes nothing
    """;

var quick = args.Contains("--quick");
switch (args.FirstOrDefault(arg => !arg.StartsWith("--", StringComparison.Ordinal)))
{
    case "submit":
        Console.WriteLine(string.Join(Environment.NewLine, (object[])await SubmitBench.RunAsync(quick)));
        return 0;
    case "delete":
        Console.WriteLine(await DeleteBench.RunAsync(quick));
        return 0;
    case "publish":
        Console.WriteLine(string.Join(Environment.NewLine, (object[])await PublishBench.RunAsync(quick)));
        return 0;
    case "rebuild":
        Console.WriteLine(string.Join(Environment.NewLine, (object[])await RebuildBench.RunAsync(quick)));
        return 0;
    case "memory":
        Console.WriteLine(await MemoryBench.RunAsync(quick));
        return 0;
    case "jobs":
        Console.WriteLine(await SmallJobsBench.RunAsync(quick));
        return 0;
    case "import":
        Console.WriteLine(string.Join(Environment.NewLine, await ImportBench.RunAsync(quick)));
        return 0;
    case "proof":
        Console.WriteLine(await ProofBench.RunAsync(quick));
        return 0;
    case "certificate":
        Console.WriteLine(string.Join(Environment.NewLine, (object[])await CertificateBench.RunAsync(quick)));
        return 0;
    case "idle":
        Console.WriteLine(string.Join(Environment.NewLine, await IdleBench.RunAsync(quick)));
        return 0;
    case "memory-node": // MemoryBench's own second process
        return await MemoryBench.RunNodeAsync(args[1], args[2]);
    case "small-jobs-node": // SmallJobsBench's own second process
        return await SmallJobsBench.RunNodeAsync(args[1], args[2], int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture));
    case "import-node": // ImportBench's own second process
        return await ImportBench.RunNodeAsync(args[1], args[2]);
    case "all":
        Figure[] figures =
        [
            .. await SubmitBench.RunAsync(quick), await DeleteBench.RunAsync(quick), .. await PublishBench.RunAsync(quick),
            .. await RebuildBench.RunAsync(quick), await MemoryBench.RunAsync(quick),
            await SmallJobsBench.RunAsync(quick), .. await ImportBench.RunAsync(quick), await ProofBench.RunAsync(quick),
            .. await CertificateBench.RunAsync(quick),
        ];
        if (!quick)
            Report.Write(figures);
        Console.WriteLine(string.Join(Environment.NewLine, (object[])figures));
        return 0;
    default:
        Console.Error.WriteLine(Usage);
        return 2;
}
