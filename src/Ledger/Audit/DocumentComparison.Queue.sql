select x.id,
    coalesce('version ' || x.version || ' ' || x.state::text, 'none: the job has ended'),
    coalesce('version ' || q.version || ' bot ' || q.bot_id || ' window ' || q.window_name || ' ' || q.state::text, 'none')
from unnest($1::uuid[], $2::bigint[], $3::jsonb[]) as x (id, version, state)
left join ledger.job_queue q on q.job_id = x.id
where (x.state is null) <> (q.job_id is null)
    or (x.state is not null and (
        q.state::text is distinct from x.state::text or q.version is distinct from x.version
        or q.bot_id is distinct from x.state ->> 'bot' or q.window_name is distinct from x.state -> 'window' ->> 'name'))
