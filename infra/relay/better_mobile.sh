#!/bin/sh
# Reads BETTER's rows out of a Log Analytics workspace and posts them to the connector, signed. Needs az and jq.
#
#   BETTER_WORKSPACE=<workspace id> sh better_mobile.sh https://<app>/api/partners/better_mobile/reports <secret> [hours]
#
# <secret>: file with the whsec_... secret. `az` is logged in as somebody who may read the workspace. Run it every
# few minutes. It reads the last hours (2) again each time: what the connector has already counts once.
set -eu
address=$1 secret=$2
hours=${3:-2}

post() {
    python3 "$(dirname "$0")/post_signed.py" "$address" "$secret" || [ $? -eq 3 ]
}

for table in BetterMTDDeviceLog_CL BetterMTDIncidentLog_CL; do
    rows=$(az monitor log-analytics query --workspace "$BETTER_WORKSPACE" --timespan "PT${hours}H" \
        --analytics-query "$table | order by TimeGenerated asc" --output json)
    printf '%s' "$rows" | jq -c 'range(0; length; 500) as $first | .[$first:$first + 500]' |
        while IFS= read -r part; do
            printf '%s' "$part" | post
        done
done
