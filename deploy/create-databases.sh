#!/bin/sh
# Run once by PostgreSQL's image on an empty volume: the ledger's database with its owner and the roles of worker, api and
# operators, who get their rights when the owner migrates; and Temporal's databases with a role of its own.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner_password="$LEDGER_OWNER_DB_PASSWORD" --set worker_password="$LEDGER_WORKER_DB_PASSWORD" \
  --set api_password="$LEDGER_API_DB_PASSWORD" --set ops_password="$LEDGER_OPS_DB_PASSWORD" \
  --set temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE offsession LOGIN PASSWORD :'owner_password';
CREATE ROLE offsession_worker LOGIN PASSWORD :'worker_password';
CREATE ROLE offsession_api LOGIN PASSWORD :'api_password';
CREATE ROLE offsession_ops LOGIN PASSWORD :'ops_password';
CREATE DATABASE offsession OWNER offsession;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE offsession, temporal, temporal_visibility FROM PUBLIC;
GRANT CONNECT ON DATABASE offsession TO offsession_worker, offsession_api, offsession_ops;
SQL
