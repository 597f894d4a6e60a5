select id, type, version from ledger.mt_streams where id > $1 and type <> all ($3) order by id limit $2
