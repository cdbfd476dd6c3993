# Sourced by the benchmarks that move the pyserver: a folder, a port and a container of their own, which go at the end,
# also when interrupted. Defines `tool`, `folder`, `state`, `id`, `port`, and `clients` for the pids of clients.
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tool=${BUNDLETOOL:-$root/.build/release/bundletool}
[[ -x $tool ]] || { echo "error: $tool is not there: run make build, or set BUNDLETOOL" >&2; exit 1; }

folder=$(mktemp -d /var/tmp/bundletool-bench.XXXXXX)
state=$folder/state
id=bundletool-bench-$$
clients=()
# One that nobody listens on.
for port in {18100..18999}; do
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
done

clean() {
    trap - EXIT
    local pid
    for pid in "${clients[@]}"; do kill "$pid" 2>/dev/null || true; done
    runc --root "$state" delete --force "$id" 2>/dev/null || true
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

end_clients() {
    local pid
    for pid in "${clients[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${clients[@]}"; do wait "$pid" 2>/dev/null || true; done
    clients=()
}

# number NAME FILE: a member of a report.
number() { sed -n "s/^ *\"$1\" : \([0-9.e-]*\),*$/\1/p" "$2"; }

# other_bundle: the one of the two that the container does not run in.
other_bundle() {
    if [[ $(runc --root "$state" list | awk -v id="$id" '$1 == id { print $4 }') == */pyserver2 ]]; then
        echo pyserver
    else
        echo pyserver2
    fi
}

checksum() { curl --silent "http://127.0.0.1:$port/checksum" | cut -d'"' -f4; }

# serve SIZE: the bundles pyserver and pyserver2 with that many megabytes, the first one serving.
serve() {
    "$tool" create pyserver --containers "$folder/containers" --env "PYSERVER_MB=$1" --env "PYSERVER_PORT=$port" \
        --env PYSERVER_BIND=127.0.0.1 >/dev/null
    "$tool" clone pyserver pyserver2 --containers "$folder/containers" >/dev/null
    # Without a monitor: a plain `runc restore` would not give it the pipes back.
    runc --root "$state" run --detach --bundle "$folder/containers/pyserver" "$id" </dev/null >/dev/null 2>&1
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/time"; do sleep 0.1; done
}
