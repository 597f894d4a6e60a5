select l.status, s.epoch, s.wrapped_key, s.sealed_request
from ledger.job_list l
left join ledger.job_secrets s on s.job_id = l.job_id
where l.job_id = $1
