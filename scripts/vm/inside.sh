#!/bin/bash
# The tests that need a kernel which marks changed pages; started in the guest by its first process.
# Usage: inside.sh [--size MB] [--runs N] [--turns N]
#   --size   what the server holds, 300
#   --runs   how often it is moved with each kind of tracking, 1
#   --turns  how often the process tree that changes its memory in every way is moved, 4
set -euo pipefail
cd /vm
export BUNDLETOOL_CACHE=/vm/cache BUNDLETOOL_CONTAINERS=/containers PYTHONDONTWRITEBYTECODE=1
size=300 runs=1 turns=4
while (($#)); do
    case $1 in
        --size) size=$2; shift 2 ;;
        --runs) runs=$2; shift 2 ;;
        --turns) turns=$2; shift 2 ;;
        *) echo "guest: error: unknown argument $1"; exit 2 ;;
    esac
done
port=8000
declare -A gaps

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

serve() {
    /vm/bundletool create pyserver --env "PYSERVER_MB=$size" --env "PYSERVER_PORT=$port" >/dev/null
    /vm/bundletool clone pyserver pyserver2 >/dev/null
    # Without a monitor: CRIU's own way would not give the container its pipes back.
    runc run --detach --bundle /containers/pyserver pyserver </dev/null >/dev/null 2>&1
    until curl -sf "http://127.0.0.1:$port/time" >/dev/null; do sleep 0.2; done
    sum=$(checksum)
    say "the server holds $size MB"
}

# Ends the container and removes its bundles.
remove() {
    local id
    for id in $(runc list --quiet); do runc delete --force "$id"; done
    rm -rf /containers/pyserver /containers/pyserver2
}

# watched COMMAND ...: runs it with a client on a connection, whose longest silence is `gap` then.
watched() {
    rm -f /tmp/stop
    python3 ticks.py $port /tmp/stop >/tmp/gap &
    local client=$!
    sleep 2
    "$@"
    sleep 0.5
    touch /tmp/stop
    wait $client || fail "the client's connection did not survive"
    gap=$(</tmp/gap)
}

# move TRACKING [OPTION ...]: moves the server, with a client on a connection, and prints what that took.
move() {
    local tracking=$1
    shift
    watched /vm/bundletool migrate --predump --tracking "$tracking" --json "$@" >/tmp/report
    gaps[$tracking]=$gap
    [[ $tracking == auto || $(number tracking /tmp/report) == "$tracking" ]] || fail "the report names another tracking"
    [[ $(checksum) == "$sum" ]] || fail "the memory has changed on the way"
    say "$tracking $*: gap $gap ms, frozen $(number frozenSeconds /tmp/report) s, of which sending" \
        "$(number transferSeconds /tmp/report) s; $(number finalPages /tmp/report) pages, " \
        "$(number knownPages /tmp/report) known; $(rounds)"
}

# CRIU's own way, as a script does it: a pre-dump, a dump that leaves out what has not changed since, a restore from the
# same disk; nothing is sent anywhere.
pre_dump() {
    local options=(--tcp-established --file-locks --work-path /tmp/criu) target=/containers/pyserver2
    [[ $(runc list | awk '$1 == "pyserver" { print $4 }') != "$target" ]] || target=/containers/pyserver
    rm -rf /criu
    mkdir -p /criu /tmp/criu
    runc checkpoint --pre-dump "${options[@]}" --image-path /criu/parent pyserver
    runc checkpoint "${options[@]}" --parent-path ../parent --image-path /criu/images pyserver
    runc restore --detach "${options[@]}" --image-path /criu/images --bundle "$target" pyserver \
        </dev/null >/dev/null 2>&1
}

compare() {
    watched pre_dump
    [[ $(checksum) == "$sum" ]] || fail "the memory has changed on CRIU's own way"
    say "runc's pre-dump, checkpoint and restore: gap $gap ms"
    say "soft-dirty's gap: $(share "${gaps[content]}") of content tracking's, $(share "$gap") of CRIU's own way's"
}

# share MILLISECONDS: the gap of soft-dirty tracking, of these.
share() { awk -v part="${gaps[soft-dirty]}" -v whole="$1" 'BEGIN { printf "%.2f", part / whole }'; }

# A CRIU that keeps the log of its dumps. For a restore it has to be the runtime's own child.
cat >/tmp/criu-keeping-logs <<'EOF'
#!/bin/bash
[[ ${CRIU_CONFIG_FILE-} == */hold/criu.conf ]] || exec /usr/sbin/criu "$@"
/usr/sbin/criu "$@"
status=$?
log=${CRIU_CONFIG_FILE%/*}/../source-work/dump.log
[[ ! -s $log ]] || cp "$log" /tmp/dump.log
exit $status
EOF
chmod 0700 /tmp/criu-keeping-logs

# What CRIU read of the cgroup before it did anything to it.
found_frozen() {
    [[ $(grep -o -m 1 'cgroup\.freeze=.' /tmp/dump.log) == cgroup.freeze=1 ]] ||
        fail "CRIU did not find the container frozen: $(grep -i freez /tmp/dump.log)"
}

# Moves a process tree that changes its memory in every way that a tracker could miss: not one byte may differ.
stress() {
    local turn answer
    /vm/bundletool create pyserver --args /srv/stress --args $port --args 16 --args 3 >/dev/null
    cp /vm/stress /containers/pyserver/rootfs/srv/stress
    /vm/bundletool clone pyserver pyserver2 >/dev/null
    /vm/bundletool run pyserver >/dev/null
    until answer=$(ask); do sleep 0.2; done
    for ((turn = 1; turn <= turns; turn++)); do
        # As slow as it takes for a few rounds, in which it goes on.
        rm -f /tmp/dump.log
        /vm/bundletool migrate --predump --json --max-rounds 4 --bandwidth 40MB/s --criu /tmp/criu-keeping-logs \
            >/tmp/report
        found_frozen
        answer=$(ask)
        [[ $answer == ok* ]] || fail "after move $turn the process tree says: $answer"
        [[ $(number tracking /tmp/report) == soft-dirty ]] || fail "auto is not soft-dirty"
        say "process tree, move $turn: $answer; $(number finalPages /tmp/report) pages crossed at the end," \
            "$(number knownPages /tmp/report) were known; $(rounds)"
    done
    say "cgroup v2: CRIU found the container frozen each time"
    remove
}

ask() {
    python3 -c "import socket; print(socket.create_connection(('127.0.0.1', $port)).makefile().readline().strip())" \
        2>/dev/null
}
rounds() { tr -d ' \n' </tmp/report | grep -o '"rounds":\[[^]]*\]'; }

stress
serve
for ((run = 0; run < runs; run++)); do
    move content
    move soft-dirty
    compare
done
say "done"
