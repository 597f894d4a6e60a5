select origin, size, root, note from ledger.log_checkpoints where size >= $1 order by size, origin
