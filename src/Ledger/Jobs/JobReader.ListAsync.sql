-- Of each bot no more than the page can show: each is read in its index's order.
select d.data::text, l.submitted_at, l.job_id, l.bot_id, l.client_id
from unnest($1::text[]) as b (bot_id)
cross join lateral (
    select *
    from ledger.job_list
    where bot_id = b.bot_id
      and ($2 is null or status = $2)
      and ($3 is null or (submitted_at, job_id) < ($3, $4))
    order by submitted_at desc, job_id desc
    limit $5) l
join ledger.mt_doc_jobstatus d on d.id = l.job_id
order by l.submitted_at desc, l.job_id desc
limit $5
