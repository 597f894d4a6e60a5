-- Another node may have published it, with more cosignatures, meanwhile: then what it stored stays.
update ledger.log_checkpoints
set note = $3, published_at = case when $4 then clock_timestamp() end
where origin = $1 and size = $2 and published_at is null and starts_with($3, note)
