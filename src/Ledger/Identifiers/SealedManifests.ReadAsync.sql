select m.job_id, s.epoch, s.wrapped_key, m.row_number, m.outcomes, m.sealed
from ledger.job_list l
join ledger.job_secrets s on s.job_id = l.job_id
join ledger.job_manifest m on m.job_id = l.job_id
where l.bot_id = any ($1) and l.job_id <> all ($2) and m.sealed is not null
order by m.job_id, m.row_number
