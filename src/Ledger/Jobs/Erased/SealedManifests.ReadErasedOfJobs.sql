select m.job_id, s.epoch, s.wrapped_key, m.row_number, m.outcomes, m.sealed
from ledger.mt_doc_job l
join ledger.job_secrets s on s.job_id = l.id
join ledger.job_manifest m on m.job_id = l.id
where l.bot = $1 and l.id = any ($2) and m.sealed is not null
    -- deleted, or erased by an earlier job
    and (position('\x01'::bytea in m.outcomes) > 0 or position('\x13'::bytea in m.outcomes) > 0)
order by m.job_id, m.row_number
