select {stream}, to_jsonb(s)::text from {shadow} s where {stream} = any ($1) order by {key}
