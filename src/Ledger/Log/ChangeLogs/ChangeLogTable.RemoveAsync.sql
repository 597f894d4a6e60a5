-- Entries by their keys, and what has the places of others.
delete from ledger.change_log c
using (
    select k.ctid
    from unnest($1, $2) as w (stream_id, first_version)
    join ledger.change_log k on (k.stream_id, k.first_version) = (w.stream_id, w.first_version)
    union
    select p.ctid
    from unnest($3, $4) as w (bot_id, position)
    join ledger.change_log p on (p.bot_id, p.position) = (w.bot_id, w.position)) as gone
where c.ctid = gone.ctid
returning c.stream_id, c.first_version
