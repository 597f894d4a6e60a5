select l.status, s.epoch, s.wrapped_key, s.sealed_request
from ledger.mt_doc_job l
left join ledger.job_secrets s on s.job_id = l.id
where l.id = $1
