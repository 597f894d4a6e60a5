-- What is more than $2 is not counted to its end: a page must not take longer the older the ledger is. The order is the index's; without
-- it all of a bot's jobs might be gathered first.
select s.status, (
    select count(*)
    from (
        select
        from unnest($1::text[]) as b (bot_id)
        cross join lateral (
            select from ledger.mt_doc_job l where l.bot = b.bot_id and l.status = s.status order by l.submitted_at desc limit $2) job
        limit $2) counted)
from unnest($3::text[]) as s (status)
