create temporary table folded_streams (id uuid primary key, version bigint not null);
create temporary table left_alone (id uuid primary key);
