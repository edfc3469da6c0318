#!/bin/sh
# Runs once in a new database container: makes the two roles, each with its password.
set -eu

secret() { cat "/run/secrets/$1"; }

psql --set ON_ERROR_STOP=1 --username postgres --dbname portal \
    --set owner_password="$(secret owner_password)" \
    --set runner_password="$(secret runner_password)" <<'SQL'
CREATE ROLE portal_runner LOGIN PASSWORD :'runner_password';
CREATE ROLE portal_owner LOGIN PASSWORD :'owner_password' IN ROLE portal_runner;
ALTER DATABASE portal OWNER TO portal_owner;
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal_runner;
\i /portal/roles.sql
SQL
