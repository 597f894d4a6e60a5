-- $1 and $2: settings and their values. One that this version of the server does not know is left out.
-- Of synchronous_commit, off, local and remote_write are weaker than on: the loss of one machine could lose what was answered. remote_apply
-- is stronger.
select set_config(
    name, case when name = 'synchronous_commit' and current_setting(name) = 'remote_apply' then 'remote_apply' else value end, false)
from unnest($1::text[], $2::text[]) as needed (name, value)
where current_setting(name, true) is not null
