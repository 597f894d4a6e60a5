select id from ledger.mt_streams where id = $1 and version = $2 for update skip locked
