update ledger.job_secrets s
set epoch = $1, wrapped_key = n.wrapped_key
from unnest($2::uuid[], $3::integer[], $4::bytea[]) n (job_id, epoch, wrapped_key)
where s.job_id = n.job_id and s.epoch = n.epoch
