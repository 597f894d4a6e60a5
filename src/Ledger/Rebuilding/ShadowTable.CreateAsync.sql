create temporary table {shadow} as select {columns} from {live} with no data;
alter table {shadow} add primary key ({key});
create temporary table {suspects} as select {key} from {live} with no data;
alter table {suspects} add primary key ({key});
