-- Of each job ($1) the rows from its own on ($2) in which something was deleted. With each comes its job's first row that is not final.
-- Offset 0 keeps the planner from reading all rows of a job, and choosing afterwards.
select m.job_id, m.row_number, s.epoch, s.wrapped_key, m.outcomes, m.sealed, m.open_count = 0, o.first_open
from unnest($1::uuid[], $2::int[]) as wanted (job, first)
join ledger.job_secrets s on s.job_id = wanted.job
cross join lateral (
    select min(m.row_number) as first_open
    from ledger.job_manifest m where m.job_id = wanted.job and m.row_number >= wanted.first and m.open_count > 0 offset 0) o
cross join lateral (
    select m.* from ledger.job_manifest m where m.job_id = wanted.job and m.row_number >= wanted.first offset 0) m
where m.sealed is not null
    -- deleted, or erased by an earlier job
    and (position('\x01'::bytea in m.outcomes) > 0 or position('\x13'::bytea in m.outcomes) > 0)
order by m.job_id, m.row_number
