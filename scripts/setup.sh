#!/usr/bin/env bash
# Installs what bundletool is built from and runs with: Debian packages, and a CRIU that fits the running kernel.
# Says each step; a second run finds everything in place. Usage: scripts/setup.sh [build|run|test|vm ...], default: build run.
set -euo pipefail

cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
wanted_criu=4.2

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

declare -A packages=(
    [build]="libarchive-dev zlib1g-dev libxxhash-dev libzstd-dev liblzma-dev libbz2-dev libssl-dev libisal-dev"
    [run]="iproute2 iptables curl ca-certificates util-linux libisal2"
    [test]="libarchive-tools attr e2fsprogs xfsprogs python3 crun umoci podman buildah skopeo mmdebstrap uidmap
        docker-registry apache2-utils nftables openssl isal zstd bzip2 xz-utils musl-tools libdevmapper1.02.1"
    [vm]="qemu-system-x86 mmdebstrap e2fsprogs"
)
# Programs that may come from elsewhere, and the package where they do not.
declare -A programs=([node]=nodejs [keytool]=default-jre-headless)

installed() { dpkg-query -W -f='${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

install_packages() {
    local group package program missing=()
    for group in "$@"; do
        [[ -v packages[$group] ]] || fail "unknown group '$group'; choose from: ${!packages[*]}"
        for package in ${packages[$group]}; do
            installed "$package" || missing+=("$package")
        done
        # One runtime is enough; runc is what the demo and the benchmarks are measured with.
        if [[ $group == run || $group == test ]] && ! command -v runc >/dev/null && ! installed runc; then
            missing+=(runc)
        fi
        if [[ $group == test ]]; then
            for program in "${!programs[@]}"; do
                command -v "$program" >/dev/null || missing+=("${programs[$program]}")
            done
        fi
    done
    if ((${#missing[@]} == 0)); then
        say "packages: all there"
        return
    fi
    say "packages: installing ${missing[*]}"
    [[ $(id -u) == 0 ]] || fail "needs root to install packages; run it with sudo"
    command -v apt-get >/dev/null || fail "no apt-get here; install the equivalents of: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
}

# at_least A B: version A is B or newer.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

criu_version() { "$1" --version 2>/dev/null | sed -n 's/^Version: //p'; }

# A CRIU is good here when its own check passes; on kernels after 6.12 those before 4.2 pass it and then fail in the
# middle of a dump (unknown socket options), so the version counts there.
criu_fits() {
    local version
    version=$(criu_version "$1") && [[ -n $version ]] || return 1
    if ! at_least "$version" "$wanted_criu" && ! at_least 6.12.999 "$(uname -r | cut -d- -f1)"; then
        return 1
    fi
    "$1" check >/dev/null 2>&1
}

# sid COMMAND...: apt's command on Debian sid's packages, with all that it writes in $work; the system's lists and
# packages stay as they are.
sid() {
    local uri
    if [[ ! -s $work/etc/sources.list ]]; then
        # shellcheck disable=SC2016 # apt's own variables
        uri=$(apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(CODENAME)' 'Created-By: Packages' |
            awk -F'|' '$2 == "Debian" && $3 !~ /-/ { print $1; exit }')
        [[ -n $uri ]] || fail "no Debian mirror among apt's sources; install CRIU $wanted_criu or newer by hand"
        mkdir -p "$work"/{etc/preferences.d,lists/partial,cache/archives/partial,root}
        : >"$work/status"
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" >"$work/etc/sources.list"
        say "reading Debian sid's package index (private to $cache)"
        sid apt-get update
    fi
    "$@" -qq -o "Dir::Etc=$work/etc" -o "Dir::Etc::sourcelist=$work/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::Lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache" \
        -o APT::Sandbox::User=root -o Acquire::Check-Valid-Until=false
}

# assemble NAME PATH PACKAGE... [-- LIBRARY...]: a program from Debian sid with the libraries that it was linked with and
# those that it loads by name, in a folder of its own: nothing of the system's is replaced, the wrapper starts it with
# its own dynamic loader.
assemble() {
    local name=$1 program=$2 target=$cache/$1 loader library paths packages=() loaded=()
    shift 2
    while (($#)) && [[ $1 != -- ]]; do packages+=("$1"); shift; done
    (($#)) && loaded=("${@:2}")
    say "$name: downloading it and its libraries"
    sid apt-get install -y --no-install-recommends --download-only "${packages[@]}" >/dev/null
    mkdir "$work/$name"
    for library in "$work"/cache/archives/*.deb; do
        dpkg-deb -x "$library" "$work/root"
    done
    loader=$(find "$work/root" -name 'ld-linux*.so.*' | head -n 1)
    [[ -n $loader ]] || fail "no dynamic loader among the downloaded packages"
    paths=$(find "$work/root" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd:)
    cp -L "$loader" "$work/$name/"
    cp -L "$work/root/$program" "$work/$name/$name.bin"
    for library in "${loaded[@]}"; do cp -L "$(find "$work/root" -name "$library" | head -n 1)" "$work/$name/"; done
    for library in "$work/root/$program" "${loaded[@]/#/$work/$name/}"; do
        "$loader" --library-path "$paths" --list "$library" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'
    done | sort -u | while read -r library; do cp -L "$library" "$work/$name/"; done
    cat >"$work/$name/$name" <<WRAPPER
#!/bin/sh
# $name with its own dynamic loader and libraries; made by bundletool's scripts/setup.sh.
folder=$target
exec "\$folder/$(basename "$loader")" --library-path "\$folder" "\$folder/$name.bin" "\$@"
WRAPPER
    chmod 0755 "$work/$name" "$work/$name/$name"
    rm -rf "$target"
    mv "$work/$name" "$target"
}

assemble_criu() {
    command -v apt-get >/dev/null || fail "the installed CRIU does not fit this kernel; install CRIU $wanted_criu or newer"
    assemble criu usr/sbin/criu criu
    criu_fits "$cache/criu/criu" ||
        fail "CRIU $(criu_version "$cache/criu/criu") does not work on this kernel; '$cache/criu/criu check' says why"
}

# A crun that can checkpoint: Debian 12's was built without CRIU.
provide_crun() {
    if [[ ! -x $cache/crun/crun ]]; then
        command -v apt-get >/dev/null || { say "crun: no apt-get here, so its test is left out"; return; }
        assemble crun usr/bin/crun crun libcriu2 -- libcriu.so.2
    fi
    say "crun: $cache/crun/crun, $("$cache/crun/crun" --version | head -n 1)"
}

# crit, CRIU's own reader of its images, of the same version, with the protobuf that it wants: what a test compares
# ours with. Protobuf's compiled part is for another Python; it has one in Python too.
provide_crit() {
    local target=$cache/crit
    if [[ ! -x $target/crit ]]; then
        command -v apt-get >/dev/null || { say "crit: no apt-get here, so its test is left out"; return; }
        say "crit: downloading"
        mkdir -p "$work/crit"
        (cd "$work/crit" && sid apt-get download python3-pycriu python3-protobuf &&
            for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done)
        cat >"$work/crit/crit" <<WRAPPER
#!/bin/sh
# crit with its own Python packages; made by bundletool's scripts/setup.sh.
export PYTHONPATH=$target/usr/lib/python3/dist-packages PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION=python
exec /usr/bin/python3 -B -c 'import crit.__main__ as c; c.main()' "\$@"
WRAPPER
        chmod 0755 "$work/crit" "$work/crit/crit"
        mv "$work/crit" "$target"
    fi
    say "crit: $target/crit"
}

# Docker's daemon, unpacked and not installed: no service starts, no bridge appears. A test runs it in namespaces of its
# own, for the configurations that it makes.
provide_docker() {
    local target=$cache/docker package
    if [[ ! -x $target/dockerd ]]; then
        command -v apt-get >/dev/null || { say "docker: no apt-get here, so its test is left out"; return; }
        say "docker: downloading"
        mkdir -p "$work/docker/all"
        (cd "$work/docker" && apt-get download -qq -o APT::Sandbox::User=root docker.io containerd tini &&
            for package in *.deb; do dpkg-deb -x "$package" all; done
            cp all/usr/bin/{docker,docker-init,containerd,containerd-shim-runc-v2} all/usr/sbin/dockerd .
            rm -rf all ./*.deb)
        mv "$work/docker" "$target"
    fi
    say "docker: $target"
}

provide_criu() {
    local candidate
    for candidate in "${BUNDLETOOL_CRIU:-}" "$cache/criu/criu" "$(command -v criu || true)"; do
        if [[ -n $candidate && -x $candidate ]] && criu_fits "$candidate"; then
            say "criu: $candidate, version $(criu_version "$candidate")"
            return
        fi
    done
    [[ $(id -u) == 0 ]] || fail "no CRIU that fits this kernel; run this script as root to get one"
    assemble_criu
    say "criu: $cache/criu/criu, version $(criu_version "$cache/criu/criu")"
}

(($#)) || set -- build run
install_packages "$@"
mkdir -p "$cache"
work=$(mktemp -d "$cache/.setup.XXXXXX")
trap 'rm -rf "$work"' EXIT
for group in "$@"; do
    if [[ $group == run ]]; then provide_criu; fi
    if [[ $group == test ]]; then
        provide_crun
        provide_crit
        provide_docker
    fi
done
say "ready"
