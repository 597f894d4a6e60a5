select bot, status = 'queued' from ledger.mt_doc_job where id = $1
