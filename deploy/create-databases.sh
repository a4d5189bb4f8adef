#!/bin/sh
# Run once by PostgreSQL's image on an empty volume: one role and its own databases for the ledger, one for Temporal.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set ledger_password="$LEDGER_DB_PASSWORD" --set temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE offsession LOGIN PASSWORD :'ledger_password';
CREATE DATABASE offsession OWNER offsession;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE offsession, temporal, temporal_visibility FROM PUBLIC;
SQL
