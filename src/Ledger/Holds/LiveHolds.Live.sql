select id from ledger.mt_doc_legalhold where bot = $1 and status = 'live'
