select stream_id, version, type, data::text, timestamp from ledger.mt_events where stream_id = $1 and version > $2 order by version
