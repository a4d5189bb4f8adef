#!/bin/sh
# Makes the namespace and waits until it can be used; harmless when it is there. The worker adds its search attributes.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, as the Temporal CLI does.
set -eu

# Closed runs stay readable for this long; what has to be kept for years is in the ledger.
RETENTION=720h

# Asks again every 2 s, for two minutes at most.
wait_for() {
  tries=0
  until "$@" >/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || exit 1
    sleep 2
  done
}

wait_for temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
# A new one takes some seconds to be known everywhere.
wait_for temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"
