select client from ledger.mt_doc_job where id = $1 and bot = $2
