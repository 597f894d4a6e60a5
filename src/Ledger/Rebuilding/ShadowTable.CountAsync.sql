select count(*) from {shadow}
