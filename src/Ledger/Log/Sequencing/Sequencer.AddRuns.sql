insert into ledger.log_runs (first_index, count, stream_id, first_version)
select * from unnest($1, $2, $3, $4)
