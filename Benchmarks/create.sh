#!/usr/bin/env bash
# Times `bundletool create` against `bsdtar -xzf` on the same tarball, in turns, on tmpfs and on disk; prints medians
# and their ratio. Usage: Benchmarks/create.sh [ROUNDS]; BUNDLETOOL names the binary, ROOTFS another tarball.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-7}
bundletool=$(realpath "${BUNDLETOOL:-.build/release/bundletool}")
cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
rootfs=${ROOTFS:-$cache/bench-rootfs.tar.gz}
[[ -s $rootfs ]] || fixtures/debian-rootfs.sh "$rootfs" \
    base-files base-passwd dash bash coreutils python3 python3-numpy gcc g++ git >&2

disk=$(mktemp -d "${TMPDIR:-/tmp}/bundletool-bench.XXXXXX")
memory=$(mktemp -d "${TMPDIR:-/tmp}/bundletool-bench.XXXXXX")
cleanup() { umount "$memory" 2>/dev/null || :; rm -rf "$disk" "$memory"; }
trap cleanup EXIT
mount -t tmpfs -o size=3g tmpfs "$memory"

# seconds COMMAND...: how long it takes. What was written before is on disk then, so that nobody pays for another.
seconds() {
    sync
    local start=$EPOCHREALTIME
    "$@" >/dev/null
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

ours() { "$bundletool" create one --from "tar:$rootfs" --containers "$1/ours"; }
bsdtar_extract() { mkdir "$1/bsdtar" && bsdtar -xpzf "$rootfs" -C "$1/bsdtar"; }

zcat "$rootfs" | tar -t >"$disk/list"
printf '%s: %d MB, %d entries, %d rounds\n' "$(basename "$rootfs")" \
    $(($(stat -c %s "$rootfs") / 1000000)) "$(wc -l <"$disk/list")" "$rounds"
printf '%-8s %-24s %8s %8s\n' where what seconds ratio
cat "$rootfs" >/dev/null
for place in tmpfs disk; do
    folder=$disk
    if [[ $place == tmpfs ]]; then folder=$memory; fi
    : >"$disk/ours.times"
    : >"$disk/bsdtar.times"
    for ((round = 0; round < rounds; round++)); do
        seconds bsdtar_extract "$folder" >>"$disk/bsdtar.times"
        rm -rf "$folder/bsdtar"
        seconds ours "$folder" >>"$disk/ours.times"
        rm -rf "$folder/ours"
    done
    theirs=$(median <"$disk/bsdtar.times")
    mine=$(median <"$disk/ours.times")
    printf '%-8s %-24s %8.2f %8.2f\n' "$place" "bsdtar -xpzf" "$theirs" 1
    printf '%-8s %-24s %8.2f %8.2f\n' "$place" "bundletool create" "$mine" \
        "$(awk -v a="$mine" -v b="$theirs" 'BEGIN { print a / b }')"
done
