-- Entries of the rows in which anything was deleted: no less than was deleted.
select coalesce(sum(m.size), 0)
from ledger.mt_doc_job l
join ledger.job_manifest m on m.job_id = l.id
where l.bot = any ($1) and m.sealed is not null
    -- deleted, or erased by an earlier job
    and (position('\x01'::bytea in m.outcomes) > 0 or position('\x13'::bytea in m.outcomes) > 0)
