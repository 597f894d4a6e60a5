select id from ledger.mt_streams where id = any ($1) order by id for update
