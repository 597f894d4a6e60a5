select s.epoch, s.wrapped_key, m.sealed, m.row_number, m.outcomes
from ledger.mt_doc_job j
left join ledger.job_secrets s on s.job_id = j.id
left join ledger.job_manifest m on m.job_id = j.id and m.row_number >= $3
where j.id = $1 and j.bot = $2
order by m.row_number
limit $4 + 1
