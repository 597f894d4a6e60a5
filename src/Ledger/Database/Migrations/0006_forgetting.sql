-- The epochs whose keys wrap the jobs' keys (docs/adr/0012). The keys themselves live in the key folder only.
create table ledger.key_epochs (
    epoch        integer     not null primary key,
    opened_at    timestamptz not null default clock_timestamp(),
    forgotten    bigint      not null default 0, -- jobs forgotten while it was the newest: until its key is destroyed, a backup can hold theirs
    destroyed_at timestamptz
);
insert into ledger.key_epochs (epoch) select coalesce(max(epoch), 1) from ledger.job_secrets;

-- Once an epoch is open, nothing is wrapped under an older one any more: what was would be lost with the older one's key. A rotation locks the table
-- after opening the epoch, so whoever passed this check before is waited for, and re-wrapped. Another isolation level could see epochs as they were earlier.
create function ledger.refuse_closed_epoch() returns trigger language plpgsql as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'job keys are stored in read committed transactions only' using errcode = 'LV411';
    end if;
    if new.epoch < (select max(epoch) from ledger.key_epochs) then
        raise exception 'epoch % is closed: wrap the key under the newest', new.epoch using errcode = 'LV410';
    end if;
    return new;
end $$;
create trigger secrets_take_the_newest_epoch before insert or update on ledger.job_secrets for each row execute function ledger.refuse_closed_epoch();
alter table ledger.job_secrets enable always trigger secrets_take_the_newest_epoch;
