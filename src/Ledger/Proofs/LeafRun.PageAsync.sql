select first_index, count, first_version from ledger.log_runs where stream_id = $1 and first_version >= $2 order by first_version limit $3
