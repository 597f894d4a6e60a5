-- `ledger rebuild` (docs/adr/0019) also removes rows of projections that no event accounts for. The service could overwrite them before: it can still not touch an event.
grant delete on ledger.mt_doc_jobstatus, ledger.mt_doc_bot, ledger.mt_doc_apiclient, ledger.mt_doc_deletionwindow, ledger.job_list, ledger.change_log to ledger_service;
grant update on ledger.change_log to ledger_service;
