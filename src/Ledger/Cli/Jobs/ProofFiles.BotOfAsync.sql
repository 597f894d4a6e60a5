select bot from ledger.mt_doc_job where id = $1
