-- The function is migration 0005's.
select w.name, s.now, s.due, s.next, s.first_planned_at, s.first_submitted_at, s.first_id
from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::uuid[]) w (name, planned_at, submitted_at, id)
cross join lateral ledger.window_state(w.name, w.planned_at, w.submitted_at, w.id) s
