-- By code; 32 and above are failures, by reason, and count as one.
select x.id, x.codes::text, found.codes::text
from unnest($1::uuid[], $2::bigint[], $3::jsonb[]) as x (id, version, codes)
cross join lateral (
    select coalesce(jsonb_object_agg(counted.code, counted.n), '{}')
        || jsonb_build_object('open', (select coalesce(sum(m.open_count), 0) from ledger.job_manifest m where m.job_id = x.id)) as codes
    from (
        select least(get_byte(r.outcomes, i), 32) as code, count(*) as n
        from ledger.job_manifest r cross join lateral generate_series(0, octet_length(r.outcomes) - 1) i
        where r.job_id = x.id
        group by 1) counted) found
where found.codes is distinct from x.codes
