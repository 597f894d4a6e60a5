select coalesce(sum(version), 0)::bigint from ledger.mt_streams
