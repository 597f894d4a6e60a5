select bot, count(*) from ledger.mt_doc_job where status = 'queued' and bot = any ($1) group by bot order by bot
