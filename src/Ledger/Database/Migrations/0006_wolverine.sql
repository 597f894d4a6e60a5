-- The engine's tables (docs/adr/0045): messages that wait, that are being handled or that failed for good, and the nodes. Exactly what
-- WolverineFx.Postgresql 6.64 makes for itself with the ledger's settings, and a node compares the two at its start. They hold no
-- identifier of a conversation or a person.
create schema wolverine;

create table wolverine.wolverine_agent_restrictions (
    id uuid not null,
    uri character varying not null,
    type character varying not null,
    node integer default 0 not null
);

create table wolverine.wolverine_control_queue (
    id uuid not null,
    message_type character varying not null,
    node_id uuid not null,
    body bytea not null,
    posted timestamp with time zone default now() not null,
    expires timestamp with time zone
);

create table wolverine.wolverine_dead_letter_history (
    id uuid not null,
    replay_count integer,
    last_replayed_at timestamp with time zone,
    first_failed_at timestamp with time zone
);

create table wolverine.wolverine_dead_letters (
    id uuid not null,
    execution_time timestamp with time zone,
    body bytea not null,
    message_type character varying not null,
    received_at character varying,
    source character varying,
    exception_type character varying,
    exception_message character varying,
    sent_at timestamp with time zone,
    replayable boolean,
    failure_group character varying(100),
    failure_title character varying(500),
    failed_at timestamp with time zone,
    first_failed_at timestamp with time zone,
    replay_count integer,
    last_replayed_at timestamp with time zone,
    archived_at timestamp with time zone
);

create table wolverine.wolverine_incoming_envelopes (
    id uuid not null,
    status character varying not null,
    owner_id integer not null,
    execution_time timestamp with time zone,
    attempts integer default 0,
    body bytea not null,
    message_type character varying not null,
    received_at character varying,
    keep_until timestamp with time zone,
    "timestamp" timestamp with time zone default now()
);

create table wolverine.wolverine_node_assignments (
    id character varying not null,
    node_id uuid,
    started timestamp with time zone default now() not null
);

create table wolverine.wolverine_node_records (
    id integer not null,
    node_number integer not null,
    event_name character varying not null,
    "timestamp" timestamp with time zone default now() not null,
    description character varying
);

create sequence wolverine.wolverine_node_records_id_seq
    as integer
    start with 1
    increment by 1
    no minvalue
    no maxvalue
    cache 1;
alter sequence wolverine.wolverine_node_records_id_seq owned by wolverine.wolverine_node_records.id;

create table wolverine.wolverine_nodes (
    id uuid not null,
    node_number integer not null,
    description character varying not null,
    uri character varying not null,
    started timestamp with time zone default now() not null,
    health_check timestamp with time zone default now() not null,
    version character varying,
    capabilities text[]
);

create sequence wolverine.wolverine_nodes_node_number_seq
    as integer
    start with 1
    increment by 1
    no minvalue
    no maxvalue
    cache 1;
alter sequence wolverine.wolverine_nodes_node_number_seq owned by wolverine.wolverine_nodes.node_number;

create table wolverine.wolverine_outgoing_envelopes (
    id uuid not null,
    owner_id integer not null,
    destination character varying not null,
    deliver_by timestamp with time zone,
    body bytea not null,
    attempts integer default 0,
    message_type character varying not null
);
alter table wolverine.wolverine_node_records alter column id set default nextval('wolverine.wolverine_node_records_id_seq'::regclass);
alter table wolverine.wolverine_nodes alter column node_number set default nextval('wolverine.wolverine_nodes_node_number_seq'::regclass);
alter table wolverine.wolverine_agent_restrictions
    add constraint pkey_wolverine_agent_restrictions_id primary key (id);
alter table wolverine.wolverine_control_queue
    add constraint pkey_wolverine_control_queue_id primary key (id);
alter table wolverine.wolverine_dead_letter_history
    add constraint pkey_wolverine_dead_letter_history_id primary key (id);
alter table wolverine.wolverine_dead_letters
    add constraint pkey_wolverine_dead_letters_id primary key (id);
alter table wolverine.wolverine_incoming_envelopes
    add constraint pkey_wolverine_incoming_envelopes_id primary key (id);
alter table wolverine.wolverine_node_assignments
    add constraint pkey_wolverine_node_assignments_id primary key (id);
alter table wolverine.wolverine_node_records
    add constraint pkey_wolverine_node_records_id primary key (id);
alter table wolverine.wolverine_nodes
    add constraint pkey_wolverine_nodes_id primary key (id);
alter table wolverine.wolverine_outgoing_envelopes
    add constraint pkey_wolverine_outgoing_envelopes_id primary key (id);
create index idx_wolverine_dead_letter_history_last_replayed_at
    on wolverine.wolverine_dead_letter_history using btree (last_replayed_at);
create index idx_wolverine_dead_letters_failure_group
    on wolverine.wolverine_dead_letters using btree (failure_group);
create index idx_wolverine_dead_letters_replayable
    on wolverine.wolverine_dead_letters using btree (replayable) where (replayable = true);
create index idx_wolverine_incoming_envelopes_keep_until
    on wolverine.wolverine_incoming_envelopes using btree (keep_until) where ((status)::text = 'Handled'::text);
create index idx_wolverine_incoming_envelopes_owner
    on wolverine.wolverine_incoming_envelopes using btree (owner_id) where (owner_id <> 0);
create index idx_wolverine_incoming_envelopes_recover
    on wolverine.wolverine_incoming_envelopes using btree (received_at) where (((status)::text = 'Incoming'::text) AND (owner_id = 0));
create index idx_wolverine_incoming_envelopes_scheduled
    on wolverine.wolverine_incoming_envelopes using btree (execution_time) where ((status)::text = 'Scheduled'::text);
create index idx_wolverine_outgoing_envelopes_owner
    on wolverine.wolverine_outgoing_envelopes using btree (owner_id) where (owner_id <> 0);
create index idx_wolverine_outgoing_envelopes_recover
    on wolverine.wolverine_outgoing_envelopes using btree (destination) where (owner_id = 0);
alter table wolverine.wolverine_node_assignments
    add constraint fkey_wolverine_node_assignments_node_id foreign key (node_id) references wolverine.wolverine_nodes(id) on delete cascade;
