select id, clock_timestamp()
from ledger.mt_doc_legalhold
where status = 'live' and until <= clock_timestamp()
order by until, id
limit $1
