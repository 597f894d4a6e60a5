select array(
    select open.id
    from unnest($1::uuid[]) as open (id)
    where not exists (select from ledger.mt_doc_legalhold h where h.id = open.id and h.status = 'live'))
