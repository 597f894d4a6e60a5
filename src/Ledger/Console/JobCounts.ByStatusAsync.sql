-- What is more than $2 is not counted to its end: a page must not take longer the older the ledger is.
select s.status, (select count(*) from (select from ledger.job_list l where l.bot_id = any ($1) and l.status = s.status limit $2) counted)
from unnest($3::text[]) as s (status)
