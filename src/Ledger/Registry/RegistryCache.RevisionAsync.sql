select coalesce(bit_xor(hashtextextended(concat_ws(' ', id, mt_version, mt_last_modified), 0)), 0)
from (
    select id, mt_version, mt_last_modified from ledger.mt_doc_bot
    union all
    select id, mt_version, mt_last_modified from ledger.mt_doc_apiclient
    union all
    select id, mt_version, mt_last_modified from ledger.mt_doc_deletionwindow
    union all
    select id, version, timestamp from ledger.mt_streams where id = $1) d
