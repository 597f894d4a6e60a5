select $1::jsonb::text
