select j.submitted_at, k.epoch, k.wrapped_key, k.request_digest
from ledger.mt_doc_job j
join ledger.job_secrets k on k.job_id = j.id
where j.id = $1
