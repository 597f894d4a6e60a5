// Ends the test server after the last test. Tests spend most of their time waiting for processes to start, so more than one a core run at
// once.
[assembly: TestFramework("Ledger.SystemTests.TestRun", "Ledger.SystemTests")]
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
