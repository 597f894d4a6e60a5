select k.epoch, k.wrapped_key, k.request_digest
from ledger.mt_doc_legalhold h
join ledger.job_secrets k on k.job_id = h.id
where h.id = $1 and h.status = 'live'
