-- Of all bots the latest event counts: mostly there is none that the caller does not know.
select coalesce(
        (
            select type = 'deletions_paused'
            from ledger.mt_events
            where stream_id = $2 and version > $3 and type in ('deletions_paused', 'deletions_resumed')
            order by version desc
            limit 1),
        $4)
    or coalesce((select data ->> 'pause' is not null from ledger.mt_doc_bot where id = $1), false)
