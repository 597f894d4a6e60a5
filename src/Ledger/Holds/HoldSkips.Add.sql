insert into ledger.hold_skips (hold_id, job_id, conversations) values ($1, $2, $3)
on conflict (hold_id, job_id) do update set conversations = hold_skips.conversations + excluded.conversations
