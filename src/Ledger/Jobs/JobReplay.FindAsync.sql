-- A job's stream: how many events it has, up to which version it reaches back then ($2 a version, $3 an instant), and what seals its
-- identifiers.
select s.version, o.timestamp, coalesce(o.data ->> 'bot', ''), coalesce(o.data ->> 'client', ''),
    coalesce($2, (select min(e.version) - 1 from ledger.mt_events e where e.stream_id = s.id and e.timestamp > $3), s.version),
    k.epoch, k.wrapped_key, k.sealed_request
from ledger.mt_streams s
join ledger.mt_events o on o.stream_id = s.id and o.version = 1
left join ledger.job_secrets k on k.job_id = s.id
where s.id = $1 and s.type = 'job'
