-- Twice does no harm, and to wait for another would.
insert into ledger.window_wakes (window_name, at) values ($1, $2)
