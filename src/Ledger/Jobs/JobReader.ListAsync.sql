-- Of each bot no more than the page can show: each is read in its index's order.
select d.data::text, l.submitted_at, l.id, l.bot, l.client, (l.data -> 'case' ->> 'dueOn')::date
from unnest($1::text[]) as b (bot)
cross join lateral (
    select *
    from ledger.mt_doc_job
    where bot = b.bot
      and ($2 is null or status = $2)
      and ($3 is null or (submitted_at, id) < ($3, $4))
    order by submitted_at desc, id desc
    limit $5) l
join ledger.mt_doc_jobstatus d on d.id = l.id
order by l.submitted_at desc, l.id desc
limit $5
