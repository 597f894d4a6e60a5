select type, data::text from ledger.mt_events where stream_id = $1 and version = $2
