-- Of a window that is closed too: what is due in it was planned into an opening that has ended, and needs another plan. The function is
-- migration 0005's.
select w.name from unnest($1::text[]) w (name) where (ledger.window_state(w.name)).due > 0
