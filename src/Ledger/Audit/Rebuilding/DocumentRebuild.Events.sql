select stream_id, version, type, data::text, timestamp from ledger.mt_events
where stream_id > $1 and stream_id <= $2 order by stream_id, version
