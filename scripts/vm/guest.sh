#!/usr/bin/env bash
# Builds the guest of the virtual machine lane into bundletool's cache: a Debian kernel that tracks changed pages
# (CONFIG_MEM_SOFT_DIRTY), an initial RAM disk that does nothing but mount the root, and the root with runc and CRIU.
# Prints the folder; returns at once where it is there. Usage: scripts/vm/guest.sh
set -euo pipefail

cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
suite=trixie
kernel=linux-image-cloud-amd64
packages=(criu runc python3-minimal libpython3-stdlib curl iproute2 iptables kmod procps busybox-static)

say() { printf 'guest: %s\n' "$*" >&2; }
fail() { printf 'guest: error: %s\n' "$*" >&2; exit 1; }

# Another recipe makes another guest.
target=$cache/vm/$(sha256sum "$0" | cut -c1-16)
if [[ -e $target/root.ext4 ]]; then
    printf '%s\n' "$target"
    exit 0
fi

[[ $(id -u) == 0 ]] || fail "needs root to make the guest's files; run it with sudo"
for tool in mmdebstrap mke2fs; do
    PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || fail "$tool is missing: scripts/setup.sh vm"
done
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(CODENAME)' 'Created-By: Packages' |
    awk -F'|' '$2 == "Debian" && $3 !~ /-/ { print $1; exit }')
[[ -n $mirror ]] || fail "no Debian mirror among apt's sources"

umask 022
mkdir -p "$cache/vm"
work=$(mktemp -d "$cache/vm/.guest.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
root=$work/root

say "building Debian $suite's root"
# The kernel package is unpacked only: its scripts would build a large initial RAM disk, which takes longest of all.
# shellcheck disable=SC2016 # $1 is the hook's, the rest is the inner shell's
mmdebstrap --quiet --mode=root --variant=minbase --include="${packages[*]}" \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --customize-hook='chroot "$1" sh -c "cd /tmp && apt-get download -qq -o APT::Sandbox::User=root \
        \$(apt-cache depends '"$kernel"' | sed -n \"s/^ *Depends: //p\" | grep ^linux-image)"' \
    --customize-hook='for package in "$1"/tmp/*.deb; do dpkg-deb -x "$package" "$1"; rm "$package"; done' \
    "$suite" "$root" "$mirror" >&2

version=$(cd "$root/lib/modules" && echo *)
[[ -e $root/boot/vmlinuz-$version ]] || fail "no kernel in the guest's root"
grep -q '^CONFIG_MEM_SOFT_DIRTY=y' "$root/boot/config-$version" ||
    fail "kernel $version of Debian $suite does not track changed pages"
cp "$root/boot/vmlinuz-$version" "$work/vmlinuz"
chroot "$root" depmod "$version"

say "making the initial RAM disk of kernel $version"
initial=$root/initial
mkdir -p "$initial"/{bin,dev,proc,root,modules}
cp "$root/bin/busybox" "$initial/bin/"
chroot "$root" modprobe -S "$version" --show-depends -a virtio_pci virtio_blk ext4 |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
    while read -r module; do
        name=$(basename "$module")
        case $name in
            *.xz) xz -dc "$root$module" >"$initial/modules/${name%.xz}" ;;
            *) cp "$root$module" "$initial/modules/" ;;
        esac
        printf '%s\n' "${name%.xz}" >>"$initial/modules/order"
    done
cat >"$initial/init" <<'INIT'
#!/bin/busybox sh
busybox mount -t devtmpfs dev /dev
while read -r module; do busybox insmod "/modules/$module"; done </modules/order
busybox mount -t ext4 /dev/vda /root
busybox mount -t ext4 /dev/vdb /root/vm
exec busybox switch_root /root /vm/init
INIT
chmod 0755 "$initial/init"
chroot "$root" sh -c "cd /initial && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1" >"$work/initrd.gz"
rm -rf "$initial"

say "making its disk"
# Each run brings its own /vm.
mkdir -p "$root/vm"
rm -rf "$root"/boot/* "$root"/var/{cache,lib/apt/lists}/*
size=$(($(du -sm "$root" | cut -f1) + 1024))
mke2fs -q -t ext4 -d "$root" -O ^has_journal "$work/root.ext4" "${size}M" >/dev/null

rm -rf "$root"
# Guests of other recipes are of no use any more.
find "$cache/vm" -mindepth 1 -maxdepth 1 ! -name '.*' -exec rm -rf {} +
chmod 0755 "$work"
mv "$work" "$target"
trap - EXIT
say "$target, $(du -sh "$target" | cut -f1)"
printf '%s\n' "$target"
