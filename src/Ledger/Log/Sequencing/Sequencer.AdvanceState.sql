update ledger.log_state
set size = $3, root = $4, origin = coalesce(origin, $5)
where size = $1 and root = $2
