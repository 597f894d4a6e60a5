select position from ledger.change_log where bot_id = $1 and id = $2 order by position limit 1
