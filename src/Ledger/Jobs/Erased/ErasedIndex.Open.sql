select m.job_id, m.row_number, s.epoch, s.wrapped_key, m.outcomes, m.sealed, m.open_count = 0, null::int
from ledger.job_manifest m
join ledger.job_secrets s on s.job_id = m.job_id
where m.job_id = $1 and m.row_number = $2 and m.sealed is not null
