#!/bin/sh
# First start of the postgres container: an owner who migrates and an application role that row security binds.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres \
    -v owner="$PULSE_DB_OWNER_PASSWORD" -v application="$PULSE_DB_PASSWORD" <<'SQL'
CREATE ROLE pulse_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE PASSWORD :'owner';
CREATE ROLE pulse LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'application';
CREATE DATABASE pulse OWNER pulse_owner;
SQL
