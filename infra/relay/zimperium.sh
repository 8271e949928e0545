#!/bin/sh
# Reads Zimperium's threats of the last days and posts each page to the connector, signed. Needs curl and jq.
#
#   ZIMPERIUM_CONSOLE=https://<console> ZIMPERIUM_CLIENT_ID=... ZIMPERIUM_CLIENT_SECRET=... \
#       sh zimperium.sh https://<app>/api/partners/zimperium/reports <secret> [days]
#
# <secret>: file with the whsec_... secret. Run it every few minutes. Threats are found by when they were detected,
# so it reads the last days (7) again each time: a threat mitigated later than that is not reported.
set -eu
address=$1 secret=$2
days=${3:-7}

post() {
    python3 "$(dirname "$0")/post_signed.py" "$address" "$secret" || [ $? -eq 3 ]
}

token=$(jq -n '{clientId: env.ZIMPERIUM_CLIENT_ID, secret: env.ZIMPERIUM_CLIENT_SECRET}' |
    curl -sSf --max-time 60 --header 'Content-Type: application/json' --data @- \
        "$ZIMPERIUM_CONSOLE/api/auth/v1/api_keys/login" | jq -r '.accessToken // empty')
[ -n "$token" ]
after=$(jq -nr --argjson days "$days" 'now - $days * 86400 | todate')
number=0 rows=1
while [ "$rows" -gt 0 ]; do # the token in curl's own configuration: an argument everybody could read
    page=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
        curl -sSf --max-time 60 --config - \
            "$ZIMPERIUM_CONSOLE/api/threats/public/v1/threats?module=ZIPS&after=$after&sort=timestamp,asc&size=200&page=$number")
    rows=$(printf '%s' "$page" | jq -er '.content | length')
    [ "$rows" -eq 0 ] || printf '%s' "$page" | post
    number=$((number + 1))
done
