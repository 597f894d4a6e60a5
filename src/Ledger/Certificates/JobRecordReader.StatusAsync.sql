-- The status document, the stream's version, and when the checkpoint was signed.
select d.data::text, s.version, c.signed_at
from ledger.mt_streams s
join ledger.mt_doc_jobstatus d on d.id = s.id
join ledger.log_checkpoints c on c.origin = $2 and c.size = $3
where s.id = $1
