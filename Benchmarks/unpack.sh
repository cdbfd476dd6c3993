#!/usr/bin/env bash
# Times `bundletool create` from an OCI layout, with every digest checked, against `umoci unpack`, `bsdtar -xzf` and
# `igzip -dc | tar -x` of the same layer, and `bundletool clone` against `cp -a` on XFS and ext4; in turns, medians.
# Usage: Benchmarks/unpack.sh [ROUNDS] [unpack|clone ...]; BUNDLETOOL names the binary.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5}
shift || :
parts=${*:-unpack clone}
bundletool=$(realpath "${BUNDLETOOL:-.build/release/bundletool}")
cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
rootfs=$cache/bench-rootfs.tar.gz
fixtures/debian-rootfs.sh "$rootfs" \
    base-files base-passwd dash bash coreutils python3 python3-numpy gcc g++ git >&2

work=$(mktemp -d "${TMPDIR:-/tmp}/bundletool-bench.XXXXXX")
cleanup() {
    for mount in memory xfs ext4; do umount "$work/$mount" 2>/dev/null || :; done
    rm -rf "$work"
}
trap cleanup EXIT
mkdir "$work"/{memory,disk,xfs,ext4,times}
mount -t tmpfs -o size=6g tmpfs "$work/memory"

seconds() {
    sync
    local start=$EPOCHREALTIME
    "$@" >/dev/null 2>&1
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare PLACE NAME...: runs each NAME (a function given PLACE's folder, and undone by removing FOLDER/out) in turns.
compare() {
    local place=$1 name round first=''
    shift
    rm -f "$work/times/"*
    for ((round = 0; round < rounds; round++)); do
        for name in "$@"; do
            seconds "$name" "$work/$place" >>"$work/times/$name"
            rm -rf "$work/$place/out"
        done
    done
    for name in "$@"; do
        local time
        time=$(median <"$work/times/$name")
        [[ -n $first ]] || first=$time
        printf '%-8s %-16s %8.2f %8.2f\n' "$place" "${name//_/ }" "$time" \
            "$(awk -v a="$time" -v b="$first" 'BEGIN { print a / b }')"
    done
}

bundletool_create() { "$bundletool" create out --from "oci:$1/image:x" --containers "$1"; }
umoci_unpack() { umoci unpack --image "$1/image:x" "$1/out"; }
bsdtar_xzf() { mkdir "$1/out" && bsdtar -xpzf "$rootfs" -C "$1/out"; }
igzip_tar() { mkdir "$1/out" && igzip -dc "$rootfs" | tar -xp -C "$1/out"; }
bundletool_clone() { "$bundletool" clone "$1/source" out --containers "$1"; }
cp_reflink() { cp -a --reflink=always "$1/source" "$1/out"; }
cp_a() { cp -a --reflink=auto "$1/source" "$1/out"; }

cat "$rootfs" >/dev/null
printf '%-8s %-16s %8s %8s\n' where what seconds ratio
if [[ $parts == *unpack* ]]; then
    zcat "$rootfs" >"$work/memory/layer.tar"
    umoci init --layout "$work/memory/image"
    umoci new --image "$work/memory/image:x"
    umoci raw add-layer --image "$work/memory/image:x" "$work/memory/layer.tar" >/dev/null
    rm "$work/memory/layer.tar"
    cp -r "$work/memory/image" "$work/disk/image"
    names=(bundletool_create bsdtar_xzf)
    if command -v igzip >/dev/null; then names+=(igzip_tar); fi
    if command -v umoci >/dev/null; then names+=(umoci_unpack); fi
    compare memory "${names[@]}"
    compare disk "${names[@]}"
    rm -rf "$work/memory/image"
fi
if [[ $parts == *clone* ]]; then
    for system in xfs ext4; do
        truncate -s 4G "$work/$system.image"
        if [[ $system == xfs ]]; then mkfs.xfs -q "$work/$system.image"; else mkfs.ext4 -q "$work/$system.image"; fi
        mount -o loop "$work/$system.image" "$work/$system"
        "$bundletool" create source --from "tar:$rootfs" --containers "$work/$system" >/dev/null 2>&1
        if [[ $system == xfs ]]; then
            compare xfs bundletool_clone cp_reflink
        else
            compare ext4 bundletool_clone cp_a
        fi
    done
fi
