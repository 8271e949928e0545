#!/bin/sh
# Reads Sophos Central's events and mobile devices and posts each page to the connector, signed. Needs curl and jq.
#
#   SOPHOS_CLIENT_ID=... SOPHOS_CLIENT_SECRET=... \
#       sh sophos.sh https://<app>/api/partners/sophos/reports <secret> <state>
#
# <secret>: file with the whsec_... secret. <state>: file that remembers how far events were read. Run it every few
# minutes: Sophos keeps events for 24 hours. What the connector has already counts once.
set -eu
address=$1 secret=$2 state=$3
login=${SOPHOS_LOGIN:-https://id.sophos.com}
central=${SOPHOS_CENTRAL:-https://api.central.sophos.com}

post() {
    python3 "$(dirname "$0")/post_signed.py" "$address" "$secret" || [ $? -eq 3 ]
}

get() { # secrets in curl's own configuration: as arguments, everybody on the machine could read them
    printf 'header = "Authorization: Bearer %s"\nheader = "X-Tenant-ID: %s"\n' "$token" "${tenant:-}" |
        curl -sSf --max-time 60 --config - "$1"
}

token=$(printf 'data-urlencode = "client_id=%s"\ndata-urlencode = "client_secret=%s"\n' \
    "$SOPHOS_CLIENT_ID" "$SOPHOS_CLIENT_SECRET" |
    curl -sSf --max-time 60 --config - --data grant_type=client_credentials --data scope=token \
        "$login/api/v2/oauth2/token" | jq -r '.access_token // empty')
[ -n "$token" ]
self=$(get "$central/whoami/v1")
tenant=$(printf '%s' "$self" | jq -er .id)
region=$(printf '%s' "$self" | jq -er .apiHosts.dataRegion)

more=true
while [ "$more" = true ]; do
    cursor=$(cat "$state" 2>/dev/null || true)
    page=$(get "$region/siem/v1/events?limit=500${cursor:+&cursor=$cursor}")
    printf '%s' "$page" | post
    cursor=$(printf '%s' "$page" | jq -er .next_cursor)
    printf '%s\n' "$cursor" >"$state.new"
    mv "$state.new" "$state"
    more=$(printf '%s' "$page" | jq -r .has_more)
done

# Only the full view has the times of the last contact. `total` counts pages.
number=0 total=1
while [ "$number" -lt "$total" ]; do
    number=$((number + 1))
    page=$(get "$region/mobile/v1/devices?view=full&pageSize=500&pageTotal=true&page=$number")
    printf '%s' "$page" | post
    total=$(printf '%s' "$page" | jq -r '.pages.total // 1')
done
