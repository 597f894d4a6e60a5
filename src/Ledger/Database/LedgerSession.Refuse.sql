-- What a session needs and cannot set itself. No row where all is well.
select format('%s is %s, and %s: as a superuser, reset it where it was set '
    || '(`alter role %I reset %s`, `alter database %I reset %s`, `alter system reset %s`)',
    name, current_setting(name), void, current_user, name, current_database(), name, name)
from (values
    ('session_replication_role', 'origin', 'foreign keys, which confirm deletions, do not check'),
    ('zero_damaged_pages', 'off', 'rows of damaged pages would be taken for deleted'),
    ('ignore_checksum_failure', 'off', 'rows of damaged pages would be misread')) as needed (name, value, void)
where current_setting(name) <> value
