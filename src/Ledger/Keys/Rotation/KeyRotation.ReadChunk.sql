select job_id, epoch, wrapped_key
from ledger.job_secrets
where epoch < $1 and job_id > $2
order by job_id
limit $3
