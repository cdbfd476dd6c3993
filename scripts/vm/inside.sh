#!/bin/bash
# The tests that need a kernel which marks changed pages; started in the guest by its first process.
# Usage: inside.sh [--size MB] [--runs N] [--compare-criu]
set -euo pipefail
cd /vm
export BUNDLETOOL_CACHE=/vm/cache BUNDLETOOL_CONTAINERS=/containers PYTHONDONTWRITEBYTECODE=1
size=300 runs=1 compare=
while (($#)); do
    case $1 in
        --size) size=$2; shift 2 ;;
        --runs) runs=$2; shift 2 ;;
        --compare-criu) compare=yes; shift ;;
        *) echo "guest: error: unknown argument $1"; exit 2 ;;
    esac
done
port=8000

say() { printf 'guest: %5.1f s: %s\n' "$(cut -d' ' -f1 /proc/uptime)" "$*"; }
fail() { say "error: $*"; exit 1; }
# number NAME FILE: a number of a JSON report.
number() { sed -n "s/^ *\"$1\" : \"\{0,1\}\([0-9a-z.-]*\)\"\{0,1\},*$/\1/p" "$2"; }
checksum() { curl -sf "http://127.0.0.1:$port/checksum" | sed 's/, "requests".*//'; }

# Whoever is still there holds the output open, and the host waits for its end.
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

mkdir -p /containers
say "$(uname -r), $(criu --version | head -n 1), $(runc --version | head -n 1)"
/vm/bundletool doctor --containers /containers | grep -q '^ok *soft-dirty' || fail "the guest's kernel marks no pages"

/vm/bundletool create pyserver --env "PYSERVER_MB=$size" --env "PYSERVER_PORT=$port" >/dev/null
/vm/bundletool clone pyserver pyserver2 >/dev/null
/vm/bundletool run pyserver >/dev/null
until curl -sf "http://127.0.0.1:$port/time" >/dev/null; do sleep 0.2; done
sum=$(checksum)
say "the server holds $size MB"

# move TRACKING [OPTION ...]: moves the server, with a client on a connection, and prints what that took.
move() {
    local tracking=$1 gap
    shift
    rm -f /tmp/stop
    python3 ticks.py $port /tmp/stop >/tmp/gap &
    local client=$!
    sleep 2
    /vm/bundletool migrate --predump --tracking "$tracking" --json "$@" >/tmp/report
    sleep 0.5
    touch /tmp/stop
    wait $client || fail "the client's connection did not survive"
    gap=$(</tmp/gap)
    [[ $tracking == auto || $(number tracking /tmp/report) == "$tracking" ]] || fail "the report names another tracking"
    [[ $(checksum) == "$sum" ]] || fail "the memory has changed on the way"
    say "$tracking $*: gap $gap ms, frozen $(number frozenSeconds /tmp/report) s, of which sending" \
        "$(number transferSeconds /tmp/report) s; $(number finalPages /tmp/report) pages, " \
        "$(number knownPages /tmp/report) known; rounds $(tr -d ' \n' </tmp/report | grep -o '"rounds":\[[^]]*\]')"
}

for ((run = 0; run < runs; run++)); do
    move content
    move soft-dirty
done
say "done"
