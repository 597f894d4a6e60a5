select count(*) filter (where d.due_on < t.today), count(*) filter (where d.due_on >= t.today)
from (select (clock_timestamp() at time zone 'utc')::date as today) t
join ledger.mt_doc_job j on j.status = 'queued' and (j.data -> 'case' ->> 'dueOn')::date <= t.today + $1
cross join lateral (select (j.data -> 'case' ->> 'dueOn')::date as due_on) d
