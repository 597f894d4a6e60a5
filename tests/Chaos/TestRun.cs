// Ends the test server after the last test; and one test at a time, because some of them kill the server of all.
[assembly: TestFramework("Ledger.SystemTests.TestRun", "Ledger.SystemTests")]
[assembly: CollectionBehavior(DisableTestParallelization = true)]
