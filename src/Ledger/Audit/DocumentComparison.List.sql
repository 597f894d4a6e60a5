select x.id, x.entry::text, coalesce(found.entry::text, 'none')
from unnest($1::uuid[], $2::bigint[], $3::jsonb[]) as x (id, version, entry)
left join lateral (
    select jsonb_build_object(
        'bot', l.bot_id, 'client', l.client_id, 'status', l.status,
        'submittedAt', to_char(l.submitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as entry
    from ledger.job_list l where l.job_id = x.id) found on true
where found.entry is distinct from x.entry
