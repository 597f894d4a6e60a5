update ledger.key_epochs
set forgotten = forgotten + $1
where epoch = (select max(epoch) from ledger.key_epochs)
returning epoch, greatest(opened_at + $2, clock_timestamp())
