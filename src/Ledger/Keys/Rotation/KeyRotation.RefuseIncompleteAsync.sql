select exists (select from ledger.job_secrets where epoch <> all ($1))
    or exists (select from ledger.key_epochs where epoch <> all ($1) and destroyed_at is null)
