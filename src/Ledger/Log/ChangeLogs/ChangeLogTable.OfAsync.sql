select c.bot_id, c.stream_id, c.first_version, c.last_version, c.first_leaf, c.position,
    least(greatest(c.created_at, timestamptz '0001-01-01 00:00Z'), timestamptz '9999-12-31 23:59:59.999999Z'), c.outcomes::text, c.id
from unnest($1, $2, $3) as r (stream_id, first_version, last_version)
join ledger.change_log c on c.stream_id = r.stream_id and c.first_version between r.first_version and r.last_version
