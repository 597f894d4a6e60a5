select s.created, k.epoch, k.wrapped_key, k.request_digest
from ledger.mt_streams s
join ledger.job_secrets k on k.job_id = s.id
where s.id = $1
