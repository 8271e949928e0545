#!/bin/sh
# Reads Check Point Harmony Mobile's alerts and posts each page to the connector, signed. Needs curl and jq.
#
#   CHECKPOINT_CLIENT_ID=... CHECKPOINT_ACCESS_KEY=... \
#       sh checkpoint_harmony.sh https://<app>/api/partners/checkpoint_harmony/reports <secret> <state>
#
# <secret>: file with the whsec_... secret. <state>: file that remembers until when alerts were read. Run it every
# few minutes. It reads the last ten minutes before that again: what the connector has already counts once.
set -eu
address=$1 secret=$2 state=$3
portal=${CHECKPOINT_PORTAL:-https://cloudinfra-gw.portal.checkpoint.com}

post() {
    python3 "$(dirname "$0")/post_signed.py" "$address" "$secret" || [ $? -eq 3 ]
}

read_page() { # the token in curl's own configuration: as an argument, everybody on the machine could read it
    printf 'header = "Authorization: Bearer %s"\n' "$token" | curl -sSf --max-time 60 --config - "$portal/app/SBM$1"
}

now=$(jq -nr 'now | todate')
since=$(jq -Rr 'fromdate - 600 | todate' "$state" 2>/dev/null || jq -nr 'now - 3600 | todate')
token=$(jq -n '{clientId: env.CHECKPOINT_CLIENT_ID, accessKey: env.CHECKPOINT_ACCESS_KEY}' |
    curl -sSf --max-time 60 --header 'Content-Type: application/json' --data @- "$portal/auth/external" |
    jq -r '.data.token // empty')
[ -n "$token" ]
next="/external_api/v3/alert/?backend_last_updated__gte=$since&backend_last_updated__lte=$now&limit=100"
while [ -n "$next" ]; do
    page=$(read_page "$next")
    next=$(printf '%s' "$page" | jq -r '.meta.next // empty')
    printf '%s' "$page" | post
done
printf '%s\n' "$now" >"$state.new"
mv "$state.new" "$state"
