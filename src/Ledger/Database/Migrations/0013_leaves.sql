-- What cannot be a leaf of the log is refused where it is inserted, whoever inserts it: in the queue it would stop the log, and with it
-- every deletion (docs/adr/0024). Whether its type is known is not asked. The rules are those of LeafEntry and Jcs.
create or replace function ledger.queue_for_log() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select from (select *, data::text as text from appended offset 0) a
        where stream_id is null or version not between 1 and 9007199254740991
            or timestamp < timestamptz '0001-01-01 00:00Z' or timestamp >= timestamptz '10000-01-01 00:00Z'
            -- The service's limit is 60,000 bytes. PostgreSQL's text has a space more behind each separator. A byte of a type becomes six
            -- at most where it is escaped. Of 64,000 and 160 a leaf's 65,535 are never exceeded.
            or octet_length(text) > 64000 or octet_length(type) > 160
            -- A number is an integer below 2^53. One that is none has a dot or many digits: only where these are, it is looked for.
            or (text ~ '[.]|[0-9]{16}' and exists (
                select from jsonb_path_query(data, 'strict $.** ? (@.type() == "number")') n (v)
                where n.v::text !~ '^-?\d{1,16}$' or abs(n.v::text::numeric) > 9007199254740991))
            or jsonb_path_exists(data, 'strict $.**{32 to last} ? (@.type() == "object" || @.type() == "array")')) then
        raise exception 'an event must have a stream, at most 64000 bytes, only integers below 2^53, a year up to 9999 and a short type'
            using errcode = 'LV413';
    end if;
    insert into ledger.log_queue (stream_id, first_version, last_version)
    select stream_id, min(version), max(version)
    from (select stream_id, version, seq_id, row_number() over (partition by stream_id order by version) as n from appended) numbered
    group by stream_id, version - n, (n - 1) / 4096
    order by min(seq_id);
    return null;
end $$;
