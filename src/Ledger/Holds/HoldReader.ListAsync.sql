select h.data::text, (select count(*) from ledger.hold_skips s where s.hold_id = h.id)
from ledger.mt_doc_legalhold h
where ($1 is null or h.bot = $1) and ($2 is null or h.status = $2)
    and ($3 is null or (h.placed_at, h.id) < (select placed_at, id from ledger.mt_doc_legalhold where id = $3))
order by h.placed_at desc, h.id desc
limit $4
