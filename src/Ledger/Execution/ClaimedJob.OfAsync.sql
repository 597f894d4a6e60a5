select id from ledger.mt_streams where id = $1 for update skip locked
