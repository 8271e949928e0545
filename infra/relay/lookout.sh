#!/bin/sh
# Follows Lookout's event stream and posts each frame to the connector, signed. Needs curl and jq.
#
#   LOOKOUT_APPLICATION_KEY=... sh lookout.sh https://<app>/api/partners/lookout/reports <secret> <state>
#
# <secret>: file with the whsec_... secret. <state>: file that remembers the last frame the connector has. It ends
# after 25 minutes, before its token does, or when a frame was not taken: start it again and it goes on from there.
set -eu
address=$1 secret=$2 state=$3
api=${LOOKOUT_API:-https://api.lookout.com}

bearer() { # in curl's own configuration: as an argument, everybody on the machine could read it
    printf 'header = "Authorization: Bearer %s"\n' "$1"
}

post() {
    python3 "$(dirname "$0")/post_signed.py" "$address" "$secret" || [ $? -eq 3 ]
}

token=$(bearer "$LOOKOUT_APPLICATION_KEY" |
    curl -sSf --max-time 60 --config - --data grant_type=client_credentials "$api/oauth2/token" |
    jq -r '.access_token // empty')
[ -n "$token" ]
id=$(cat "$state" 2>/dev/null || true)
cr=$(printf '\r')
bearer "$token" |
    curl -sSfN --max-time 1500 --config - --header 'Accept: text/event-stream' \
        "$api/mra/stream/v2/events?types=THREAT,DEVICE,SMISHING_ALERT${id:+&id=$id}" |
    while IFS= read -r line; do
        case ${line%"$cr"} in
            id:*) id=$(printf '%s' "${line#id:}" | tr -d ' \r') ;;
            'data:{}' | 'data: {}') ;; # a heartbeat
            data:*)
                printf '%s\n' "$line" | post
                printf '%s\n' "$id" >"$state.new"
                mv "$state.new" "$state"
                ;;
        esac
    done
