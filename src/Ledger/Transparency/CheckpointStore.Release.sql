select ledger.release_covered_jobs()
