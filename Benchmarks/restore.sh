#!/usr/bin/env bash
# Moves the pyserver with --predump, restored eagerly and lazily in turns, and prints for each size what a client on an
# open connection saw: the longest silence of a stream that sends something every 5 ms. Everything of a size in one run,
# on the same server: compare ratios. Of lazy moves also how long the memory was filled after the container went on.
#
# usage: Benchmarks/restore.sh [--runs N] [--sizes "64 300 1000 4000"]
# Needs root, runc, curl, and a CRIU that fits the kernel. Everything is removed again, also when interrupted.
set -euo pipefail

runs=3
sizes="16 64 300 1000"
while (($#)); do
    case $1 in
        --runs) runs=$2 ;;
        --sizes) sizes=$2 ;;
        *) sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

# shellcheck source=Benchmarks/lib-pyserver.sh
source "$(dirname "$0")/lib-pyserver.sh"

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# one_move HOW SIZE: moves the container to the other bundle, and notes what the client saw, in milliseconds.
one_move() {
    local destination start pid
    destination=$(other_bundle)
    mkfifo "$folder/fifo"
    curl --silent --no-buffer "http://127.0.0.1:$port/ticks?interval_ms=5" >"$folder/fifo" 2>/dev/null &
    clients+=($!)
    { while read -r _; do echo "${EPOCHREALTIME/./}"; done; } <"$folder/fifo" >"$folder/ticks" &
    clients+=($!)
    sleep 0.5
    start=${EPOCHREALTIME/./}
    "$tool" migrate --json --predump --restore "$1" --containers "$folder/containers" --runtime-root "$state" \
        "$id" "$destination" >"$folder/report"
    # A few more ticks, so that the end of the silence is seen.
    sleep 0.3
    for pid in "${clients[@]}"; do
        kill -0 "$pid" 2>/dev/null || { echo "error: the client lost its connection ($1, $2 MB)" >&2; exit 1; }
    done
    end_clients
    rm "$folder/fifo"
    awk -v from="$start" '$1 >= from { if (last && $1 - last > most) most = $1 - last } { last = $1 }
        END { printf "%.1f\n", most / 1000 }' "$folder/ticks" >>"$folder/gap.$1.$2"
    awk -v s="$(number restoreSeconds "$folder/report")" 'BEGIN { print s * 1000 }' >>"$folder/restore.$1.$2"
    # The fill's own "seconds" follows its page counts, and is the last one of the report but for the totals.
    if [[ $1 == lazy ]]; then
        sed -n '/"fill"/,/}/p' "$folder/report" >"$folder/fill"
        awk -v s="$(number seconds "$folder/fill")" 'BEGIN { print s * 1000 }' >>"$folder/fill.$2"
        number pagesOnDemand "$folder/fill" >>"$folder/demand.$2"
    fi
}

printf '%8s %12s %12s %12s %14s %14s %10s %12s\n' MB 'EAGER GAP' 'LAZY GAP' 'OF EAGER' 'EAGER RESTORE' 'LAZY RESTORE' 'FILLED' 'ON DEMAND'
for size in $sizes; do
    serve "$size"
    before=$(checksum)
    for ((run = 1; run <= runs; run++)); do
        for how in eager lazy; do one_move "$how" "$size"; done
    done
    [[ $(checksum) == "$before" ]] ||
        { echo "error: the server's memory is not what it was" >&2; exit 1; }
    runc --root "$state" delete --force "$id"
    rm -rf "$folder/containers"
    awk -v mb="$size" -v e="$(median "$folder/gap.eager.$size")" -v l="$(median "$folder/gap.lazy.$size")" \
        -v er="$(median "$folder/restore.eager.$size")" -v lr="$(median "$folder/restore.lazy.$size")" \
        -v f="$(median "$folder/fill.$size")" -v d="$(median "$folder/demand.$size")" 'BEGIN {
            printf "%8d %9.0f ms %9.0f ms %12.2f %11.0f ms %11.0f ms %7.0f ms %12d\n", mb, e, l, l / e, er, lr, f, d }'
done
