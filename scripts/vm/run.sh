#!/usr/bin/env bash
# Boots a guest whose kernel tracks changed pages, runs scripts/vm/inside.sh there with a bundletool from here, prints
# what it prints and exits as it does. What the guest says at its end comes over a serial line of its own, with a word
# that is new for each run: a guest that crashes, hangs or stops early cannot pass.
# Usage: scripts/vm/run.sh [ARGUMENT ...], handed to inside.sh. $BUNDLETOOL names the program to test; default: the
# release build. $VM_TIMEOUT is in seconds. Emulated as a whole: needs no KVM.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
tool=${BUNDLETOOL:-$here/../../.build/release/bundletool}
limit=${VM_TIMEOUT:-570}

fail() { printf 'vm: error: %s\n' "$*" >&2; exit 1; }
[[ -x $tool ]] || fail "$tool is not there: make build, or set BUNDLETOOL"
[[ -s $cache/python-rootfs.tar.gz ]] || fail "the pyserver's rootfs is not there: fixtures/python-rootfs.sh builds it"
command -v qemu-system-x86_64 >/dev/null || fail "qemu-system-x86_64 is missing: scripts/setup.sh vm"
guest=$("$here/guest.sh")

work=$(mktemp -d /var/tmp/bundletool-vm.XXXXXX)
machine=
clean() {
    trap - EXIT
    if [[ -n $machine ]]; then
        kill "$machine" 2>/dev/null || true
        wait "$machine" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What the guest finds in /vm.
mkdir -p "$work/vm/cache"
cp "$here/init" "$here/inside.sh" "$here"/*.py "$work/vm/"
cp "$tool" "$work/vm/bundletool"
compiler=$(command -v clang || command -v cc) || fail "no C compiler"
# Static: it runs in the container's root.
"$compiler" -static -O1 -o "$work/vm/stress" "$here/../../Tests/IntegrationTests/Fixtures/memory-stress.c"
cp "$cache/python-rootfs.tar.gz" "$work/vm/cache/"
printf '%s\n' "${*@Q}" >"$work/vm/arguments"
PATH=$PATH:/usr/sbin mke2fs -q -t ext4 -d "$work/vm" -O ^has_journal "$work/vm.ext4" \
    "$(($(du -sm "$work/vm" | cut -f1) + 32))M" >/dev/null

# With more than one processor, or a newer one, the emulated kernel crashes.
nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
: >"$work/console"
: >"$work/verdict"
TMPDIR=$work timeout --kill-after=10 "$limit" qemu-system-x86_64 \
    -accel tcg,thread=single -cpu Haswell,-pcid,-x2apic,-tsc-deadline,-hle,-invpcid,-rtm -smp 1 -m 3072 \
    -nodefaults -no-user-config -display none -no-reboot \
    -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 oops=panic mitigations=off bundletool.run=$nonce" \
    -drive "file=$guest/root.ext4,format=raw,if=virtio,snapshot=on" \
    -drive "file=$work/vm.ext4,format=raw,if=virtio" \
    -serial "file:$work/console" -serial "file:$work/verdict" </dev/null >"$work/qemu" 2>&1 &
machine=$!
tail --follow --lines=+1 --sleep-interval=0.2 --pid=$machine "$work/console" | tr -d '\r' &
status=0
wait $machine || status=$?
machine=
wait
cat "$work/qemu"
case $status in
    0) ;;
    124 | 137) fail "the guest was not done after $limit s" ;;
    *) fail "qemu ended with status $status" ;;
esac
read -r word verdict <"$work/verdict" || fail "the guest ended without a word: it has crashed, or its script has"
[[ $word == "$nonce" && ${verdict//$'\r'/} =~ ^[0-9]+$ ]] || fail "the guest said something else at its end: $word $verdict"
printf 'vm: the guest says %s after %s s\n' "${verdict//$'\r'/}" "$SECONDS"
exit "${verdict//$'\r'/}"
