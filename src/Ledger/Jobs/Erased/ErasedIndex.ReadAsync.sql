select array(
    select j.id
    from ledger.mt_doc_job j
    join ledger.job_secrets s on s.job_id = j.id
    where j.bot = $1
    order by j.submitted_at, j.id)
