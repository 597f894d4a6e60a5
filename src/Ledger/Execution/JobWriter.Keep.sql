insert into ledger.job_work (job_id, resolving) values ($1, $2)
on conflict (job_id) do update set resolving = excluded.resolving
