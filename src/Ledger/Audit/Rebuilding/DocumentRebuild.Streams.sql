select id, type, version from ledger.mt_streams where id > $1 and id <> all ($3) order by id limit $2
