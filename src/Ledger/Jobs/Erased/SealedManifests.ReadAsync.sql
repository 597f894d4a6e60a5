select m.job_id, s.epoch, s.wrapped_key, m.row_number, m.outcomes, m.sealed
from ledger.mt_doc_job l
join ledger.job_secrets s on s.job_id = l.id
join ledger.job_manifest m on m.job_id = l.id
where l.bot = any ($1) and l.id <> all ($2) and m.sealed is not null
order by m.job_id, m.row_number
