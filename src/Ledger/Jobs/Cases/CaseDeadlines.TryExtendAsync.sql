-- The database's clock, and whether the job's documents are of its stream's version: what is appended goes on from them.
select clock_timestamp(), s.version is not distinct from j.mt_version and s.version is not distinct from d.mt_version
from ledger.mt_streams s
left join ledger.mt_doc_job j on j.id = s.id
left join ledger.mt_doc_jobstatus d on d.id = s.id
where s.id = $1
