select exists (
    select from ledger.mt_events
    where stream_id = $1 and type = 'identifiers_disclosed' and data ->> 'job' = $2 and data ->> 'client' = $3 and data ->> 'what' = $4)
