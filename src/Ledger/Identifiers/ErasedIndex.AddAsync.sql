select m.job_id, m.row_number, s.epoch, s.wrapped_key, m.outcomes, m.sealed
from ledger.job_manifest m
join ledger.job_secrets s on s.job_id = m.job_id
where m.job_id = any ($1) and m.sealed is not null
    -- deleted, or erased by an earlier job
    and (position('\x01'::bytea in m.outcomes) > 0 or position('\x13'::bytea in m.outcomes) > 0)
order by m.job_id, m.row_number
