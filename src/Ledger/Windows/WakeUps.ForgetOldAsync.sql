-- A turn removes those of its window. These are of windows that had none since.
delete from ledger.window_wakes where at < clock_timestamp() - interval '1 minute'
