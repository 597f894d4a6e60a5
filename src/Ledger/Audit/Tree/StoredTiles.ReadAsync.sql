select number, hashes from ledger.log_tiles where level = $1 and number >= $2 and number < $3
