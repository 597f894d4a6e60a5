# What makes a guide's commands run in a test: see GuideShell.
exec 2>&1
GUIDE=$(mktemp -d)
GUIDE_DATA=
GUIDE_JOB=
services=()
trap 'code=$?; set +x; for service in "${services[@]}"; do kill "$service" || true; done; wait; rm -rf "$GUIDE"; exit $code' EXIT

# Runs all commands that end: see SeveralCommands.
mkfifo "$GUIDE/asked" "$GUIDE/answered"
command dotnet "$COMMANDS_DLL" "$GUIDE" <"$GUIDE/asked" >"$GUIDE/answered" &
services+=($!)
exec 8>"$GUIDE/asked" 9<"$GUIDE/answered"

# The program that was built, instead of building it again.
dotnet() {
    if [ "$1" != run ]; then command dotnet "$@"; return; fi
    while [ "$1" != -- ]; do shift; done
    shift
    program "$@"
}
ledger() { program "$@"; }

program() {
    case "$1 ${2:-}" in
    serve*) background "$@" $([[ "$*" == *--urls* ]] || echo "--urls http://127.0.0.1:8080") ;;
    "witness serve") background "$@" ;;
    demo*) command dotnet "$LEDGER_DLL" "$@" --data "$PWD/demo-data" ;;
    *) ask "$@" ;;
    esac
}

ask() {
    local code
    printf '%s\0' "$#" "$@" >&8
    read -r code <&9
    cat "$GUIDE/output"
    cat "$GUIDE/error" >&2
    return "$code"
}

# Until it listens.
background() {
    command dotnet "$LEDGER_DLL" "$@" >"$GUIDE/service-${#services[@]}" &
    services+=($!)
    local output="$GUIDE/service-$((${#services[@]} - 1))"
    until grep -q '^Listening on' "$output"; do
        kill -0 "${services[-1]}" || { cat "$output"; return 1; }
        sleep 0.1
    done
}

# What runs this.
printf '#!/bin/sh\n' >test && chmod +x test

# A job that has ended, and that its proof can be had of.
a_finished_job() {
    if [ -n "$GUIDE_JOB" ]; then return; fi
    local here=(--data ./ledger-data) deletions=http://127.0.0.1:8080/api/public/bot/st-my-bot/conversations/delete token
    ledger window add open-now --cron '0 0 * * * ?' --length 2h "${here[@]}"
    ledger bot set st-my-bot --window open-now "${here[@]}"
    token=$(ledger token --client cs-my-client "${here[@]}")
    GUIDE_JOB=$(curl -sS --fail-with-body -H "auth: $token" --json '{"cId":"u-nobody"}' "$deletions" | grep -o 'cdj-[0-9a-f-]*')
    until curl -sS --fail -o /dev/null -H "auth: $token" "$deletions/$GUIDE_JOB/proof"; do sleep 0.2; done
}
