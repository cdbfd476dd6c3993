#!/usr/bin/env bash
# Moves the pyserver between two bundles, with bundletool and with the original experiment's shell flow (runc checkpoint
# to a folder, a copy at the same rate, runc restore), and prints what a client on an open connection saw: the longest
# silence of a stream that sends something every 5 ms. Both in one run, in turns, on the same server: compare ratios.
#
# During --predump a second client asks /time every 10 ms; its largest gap while the memory crosses is printed too.
#
# With --percent the server rewrites that share of its memory each second meanwhile.
#
# usage: Benchmarks/migrate.sh [--runs N] [--size MB] [--percent P] [--rates "100MB/s 100Mbit/s"]
# Needs root, runc, curl, and a CRIU that fits the kernel. Everything is removed again, also when interrupted.
set -euo pipefail

runs=3
size=300
percent=0
rates="100MB/s 100Mbit/s"
while (($#)); do
    case $1 in
        --runs) runs=$2 ;;
        --size) size=$2 ;;
        --percent) percent=$2 ;;
        --rates) rates=$2 ;;
        *) sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
    esac
    shift 2
done

# shellcheck source=Benchmarks/lib-pyserver.sh
source "$(dirname "$0")/lib-pyserver.sh"
cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
criu=${BUNDLETOOL_CRIU:-$cache/criu/criu}
[[ -x $criu ]] || criu=$(command -v criu) || { echo "error: no CRIU: run scripts/setup.sh" >&2; exit 1; }

now() { echo "${EPOCHREALTIME/./}"; }

# The time in microseconds of each line that curl receives, a line each, into a file.
# Coprocesses and pipelines hide process ids; a fifo does not.
watch_lines() {
    local fifo=$1.fifo
    mkfifo "$fifo"
    curl --silent --no-buffer "${@:2}" >"$fifo" 2>/dev/null &
    clients+=($!)
    { while read -r _; do echo "${EPOCHREALTIME/./}"; done; } <"$fifo" >"$1" &
    clients+=($!)
}

# longest FILE FROM [TO]: the longest time without a line, in microseconds; a silence that lasts until TO counts.
longest() {
    awk -v from="$2" -v to="${3:-0}" '
        $1 < from { last = $1; next }
        to && $1 > to { exit }
        { if (last && $1 - last > longest) longest = $1 - last; last = $1 }
        END { if (to && last && to - last > longest) longest = to - last; print longest + 0 }' "$1"
}

bytes_per_second() {
    case $1 in
        *MB/s) echo $((${1%MB/s} * 1000000)) ;;
        *Mbit/s) echo $((${1%Mbit/s} * 125000)) ;;
        *) echo "error: write the rate as 100MB/s or 100Mbit/s" >&2; exit 2 ;;
    esac
}

# limited_copy FROM TO BYTES_PER_SECOND: with dd, a tenth of a second's worth at a time; it sleeps what it is early.
limited_copy() {
    local file chunk=$(($3 / 10)) length index part sent=0 begin early
    mkdir -p "$2"
    begin=$(now)
    for file in "$1"/*; do
        length=$(stat -c %s "$file")
        : >"$2/${file##*/}"
        for ((index = 0; index * chunk < length; index++)); do
            dd if="$file" of="$2/${file##*/}" bs="$chunk" skip="$index" seek="$index" count=1 conv=notrunc status=none
            part=$((length - index * chunk))
            sent=$((sent + (part < chunk ? part : chunk)))
            early=$((begin + sent * 1000000 / $3 - $(now)))
            if ((early > 2000)); then sleep "$((early / 1000000)).$(printf %06d $((early % 1000000)))"; fi
        done
    done
}

# What the original scripts do, with the CRIU that bundletool uses.
shell_flow() {
    local destination=$1 rate=$2 work=$folder/flow
    mkdir -p "$work"/{images,work}
    PATH=$(dirname "$criu"):$PATH runc --root "$state" checkpoint --tcp-established --file-locks \
        --image-path "$work/images" --work-path "$work/work" "$id"
    limited_copy "$work/images" "$work/copy" "$(bytes_per_second "$rate")"
    PATH=$(dirname "$criu"):$PATH runc --root "$state" restore --detach --tcp-established --file-locks \
        --bundle "$destination" --image-path "$work/copy" --work-path "$work/work" "$id" </dev/null >/dev/null 2>&1
    rm -rf "$work"
}

# one_move MODE RATE: moves the container to the other bundle, and notes what the clients saw.
one_move() {
    local mode=$1 rate=$2 start pid key=$1.${2//\//} destination total dump restore fill
    destination=$(other_bundle)
    watch_lines "$folder/ticks" "http://127.0.0.1:$port/ticks?interval_ms=5"
    [[ $mode != predump ]] || watch_lines "$folder/times" --rate 100/s "http://127.0.0.1:$port/time?n=[1-1000000]"
    sleep 0.5
    start=$(now)
    case $mode in
        shell) shell_flow "$folder/containers/$destination" "$rate" ;;
        stop-and-copy) migrate "$destination" "$rate" ;;
        predump) migrate "$destination" "$rate" --predump ;;
    esac
    # A few more ticks, so that the end of the silence is seen.
    sleep 0.3
    for pid in "${clients[@]}"; do
        kill -0 "$pid" 2>/dev/null || { echo "error: a client lost its connection ($mode, $rate)" >&2; exit 1; }
    done
    end_clients
    longest "$folder/ticks" "$start" >>"$folder/gap.$key"
    if [[ $mode != shell ]]; then number frozenBytes "$folder/report" >>"$folder/frozen.$key"; fi
    if [[ $mode == predump ]]; then
        total=$(number totalSeconds "$folder/report")
        dump=$(number dumpSeconds "$folder/report")
        restore=$(number restoreSeconds "$folder/report")
        # What a lazy restore filled afterwards, where it was one.
        sed -n '/"fill"/,/}/p' "$folder/report" >"$folder/fill"
        fill=$(number seconds "$folder/fill")
        # Until the final dump begins.
        longest "$folder/times" "$start" \
            "$(awk -v s="$start" -v t="$total" -v d="$dump" -v r="$restore" -v f="${fill:-0}" \
                'BEGIN { printf "%.0f", s + (t - d - r - f) * 1e6 }')" \
            >>"$folder/round.$key"
        # No answers are no small gap.
        (($(wc -l <"$folder/times") > 20)) || { echo "error: the second client got no answers" >&2; exit 1; }
    fi
    rm -f "$folder"/{ticks,times}{,.fifo}
    echo "  $rate $mode: $(milliseconds "$(tail -n 1 "$folder/gap.$key")")" >&2
}

migrate() {
    "$tool" migrate --json --containers "$folder/containers" --runtime-root "$state" --bandwidth "$2" "${@:3}" "$id" "$1" \
        >"$folder/report"
}

milliseconds() { echo "$((($1 + 500) / 1000)) ms"; }
least() { sort -n "$1" | head -n 1; }
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : int((v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

echo "preparing: a server of $size MB, CRIU $("$criu" --version | sed -n 's/^Version: //p'), $(runc --version | head -n 1)" >&2
serve "$size"
if ((percent)); then curl --silent --output /dev/null "http://127.0.0.1:$port/dirty?percent_per_s=$percent"; fi
before=$(checksum)

for ((run = 1; run <= runs; run++)); do
    echo "run $run of $runs" >&2
    for rate in $rates; do
        for mode in shell stop-and-copy predump; do one_move "$mode" "$rate"; done
    done
done
((percent)) || [[ $(checksum) == "$before" ]] ||
    { echo "error: the server's memory is not what it was" >&2; exit 1; }

printf '%-10s %-14s %10s %10s %12s %14s %18s\n' RATE MODE 'GAP MIN' MEDIAN 'OF SHELL' 'FROZEN BYTES' 'GAP DURING ROUND'
for rate in $rates; do
    for mode in shell stop-and-copy predump; do
        key=$mode.${rate//\//}
        share=$(awk -v a="$(median "$folder/gap.$key")" -v b="$(median "$folder/gap.shell.${rate//\//}")" \
            'BEGIN { printf "%.2f", a / b }')
        frozen=-
        round=-
        if [[ -f $folder/frozen.$key ]]; then frozen=$(median "$folder/frozen.$key"); fi
        # Each run's: the claim is about all of them.
        if [[ -f $folder/round.$key ]]; then
            round=$(while read -r gap; do milliseconds "$gap"; done <"$folder/round.$key" | paste -sd, | sed 's/ ms,/, /g')
        fi
        printf '%-10s %-14s %10s %10s %12s %14s %18s\n' "$rate" "$mode" "$(milliseconds "$(least "$folder/gap.$key")")" \
            "$(milliseconds "$(median "$folder/gap.$key")")" "$share" "$frozen" "$round"
    done
done
