analyze {shadow};
insert into {suspects} ({key}) select {either.key} from {live} l full join {shadow} s on {l=s} where {differ};
