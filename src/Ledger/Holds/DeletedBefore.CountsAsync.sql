select id, deleted
from (select id, submitted_at, (data ->> 'deletedCount')::bigint as deleted from ledger.mt_doc_job where id = any ($1)) j
where deleted > 0
order by submitted_at, id
