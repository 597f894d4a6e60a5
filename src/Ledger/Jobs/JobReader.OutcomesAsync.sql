select s.epoch, s.wrapped_key, m.sealed, m.row_number, m.outcomes
from ledger.job_list l
left join ledger.job_secrets s on s.job_id = l.job_id
left join ledger.job_manifest m on m.job_id = l.job_id and m.row_number >= $3
where l.job_id = $1 and l.bot_id = $2
order by m.row_number
limit $4 + 1
