-- A job's last event, its leaf if it has one, and what seals the job's identifiers.
select e.type, e.data::text, r.first_index + (s.version - r.first_version), k.epoch, k.wrapped_key, k.sealed_request
from ledger.mt_streams s
join ledger.mt_events e on e.stream_id = s.id and e.version = s.version
left join lateral (
    select first_index, first_version, count
    from ledger.log_runs
    where stream_id = s.id and first_version <= s.version
    order by first_version desc
    limit 1
) r on s.version < r.first_version + r.count
left join ledger.job_secrets k on k.job_id = s.id
where s.id = $1
