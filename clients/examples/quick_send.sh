#!/bin/sh
# Sends a message to a number and prints what was answered.  AVANAK_URL, AVANAK_TOKEN; MESSAGE_ID NUMBER.
set -eu
curl --silent --show-error --fail-with-body "$AVANAK_URL/api/v1/quick-sends" \
    --header "Authorization: Bearer $AVANAK_TOKEN" \
    --header "Idempotency-Key: order-12" \
    --json "{\"message_id\": $1, \"number\": \"$2\", \"reference\": \"order 12\"}"
