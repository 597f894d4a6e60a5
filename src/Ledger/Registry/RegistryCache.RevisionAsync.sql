select (
    (select coalesce(sum(mt_version), 0) from ledger.mt_doc_bot)
    + (select coalesce(sum(mt_version), 0) from ledger.mt_doc_apiclient)
    + (select coalesce(sum(mt_version), 0) from ledger.mt_doc_deletionwindow)
)::bigint
