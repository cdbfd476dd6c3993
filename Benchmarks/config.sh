#!/usr/bin/env bash
# Times `bundletool config generate` and `validate` as whole processes against oci-runtime-tool, in turns; prints medians
# and their ratio. Usage: Benchmarks/config.sh [ROUNDS]; BUNDLETOOL names the binary, OCI_RUNTIME_TOOL the other one.
# Without the latter it is built in the cache folder, with Debian's Go and Debian's library packages; its main program
# comes from the checkout that RUNTIME_TOOLS_SOURCE names, else from Debian's source package, else from the project's
# repository. Where none can be had, `runc spec` and `umoci` stand in.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-40}
bundletool=$(realpath "${BUNDLETOOL:-.build/release/bundletool}")
cache=${BUNDLETOOL_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bundletool}
work=$(mktemp -d "${TMPDIR:-/tmp}/bundletool-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# source_of_peer FOLDER: its `cmd` comes to FOLDER/source.
source_of_peer() {
    local uri options
    mkdir "$1/source"
    if [[ -n ${RUNTIME_TOOLS_SOURCE:-} ]]; then cp -r "$RUNTIME_TOOLS_SOURCE/cmd" "$1/source/"; return; fi
    uri=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' |
        awk '$2 == "Debian" && $3 !~ /-/ { print $1, $3; exit }')
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri main" >"$1/sources.list"
    options=(-qq -o "Dir::Etc::sourcelist=$1/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::Lists=$1/lists" -o APT::Sandbox::User=root)
    if (cd "$1" && apt-get "${options[@]}" update &&
        apt-get "${options[@]}" source --download-only golang-github-opencontainers-runtime-tools); then
        tar -xf "$1"/*.orig.tar.* -C "$1/source" --strip-components=1
    else
        rmdir "$1/source"
        git clone --quiet https://github.com/opencontainers/runtime-tools "$1/source"
        # What Debian's library packages hold.
        git -C "$1/source" checkout --quiet 0105384
    fi
}

# Everything stays in one folder: neither Go nor the packages are installed. Quiet, and false where it fails.
build_peer() {
    local target=$1 folder=$1.build
    [[ -x $target ]] && return
    command -v apt-get >/dev/null || return 1
    rm -rf "$folder"
    mkdir -p "$folder"/{archives/partial,lists/partial,root}
    (
        # Not `set -e`, which an `if` around the function switches off.
        source_of_peer "$folder" &&
            apt-get install -y -qq --no-install-recommends --download-only -o "Dir::Cache::archives=$folder/archives" \
                golang-go golang-github-opencontainers-runtime-tools-dev golang-github-urfave-cli-dev &&
            for package in "$folder"/archives/*.deb; do dpkg-deb -x "$package" "$folder/root" || exit 1; done &&
            cp -rL "$folder"/root/usr/lib/go-*/ "$folder/go" &&
            cp -rn "$folder/source/cmd" "$folder/root/usr/share/gocode/src/github.com/opencontainers/runtime-tools/" &&
            GOROOT=$folder/go GOPATH=$folder/root/usr/share/gocode GO111MODULE=off GOCACHE=$folder/cache GOFLAGS='' \
                "$folder/go/bin/go" build -o "$target" github.com/opencontainers/runtime-tools/cmd/oci-runtime-tool
    ) >"$folder/log" 2>&1 || { tail -3 "$folder/log" >&2; rm -rf "$folder"; return 1; }
    rm -rf "$folder"
}

# milliseconds COMMAND...: of one run.
milliseconds() {
    local start=$EPOCHREALTIME
    "$@" >/dev/null 2>&1
    awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", (b - a) * 1000 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare WHAT OURS THEIRS: two functions in turns.
compare() {
    local round ours theirs
    : >"$work/ours"
    : >"$work/theirs"
    "$2" >/dev/null 2>&1 && "$3" >/dev/null 2>&1 || { printf '%-10s one of the two fails\n' "$1"; return 1; }
    for ((round = 0; round < rounds; round++)); do
        milliseconds "$3" >>"$work/theirs"
        milliseconds "$2" >>"$work/ours"
    done
    ours=$(median <"$work/ours")
    theirs=$(median <"$work/theirs")
    printf '%-10s %-28s %8.2f %8.2f\n' "$1" "$peer" "$theirs" 1
    printf '%-10s %-28s %8.2f %8.2f\n' "$1" bundletool "$ours" "$(awk -v a="$ours" -v b="$theirs" 'BEGIN { print a / b }')"
}

mkdir -p "$work/bundle/rootfs" "$work/peer/rootfs" "$work/scratch"
our_generate() { "$bundletool" config generate -o "$work/bundle/config.json"; }
our_validate() { "$bundletool" validate "$work/bundle"; }

peer_tool=${OCI_RUNTIME_TOOL:-$(command -v oci-runtime-tool || echo "$cache/oci-runtime-tool")}
printf '%-10s %-28s %8s %8s\n' what who ms ratio
if build_peer "$peer_tool"; then
    peer=oci-runtime-tool
    peer_generate() { "$peer_tool" generate --output "$work/peer/config.json"; }
    # Its validation fetches a schema over the network first. Where there is none it says so and goes on with the rest:
    # what is timed then is less than its whole work.
    peer_validate() { "$peer_tool" validate --path "$work/peer" || :; }
    compare generate our_generate peer_generate
    compare validate our_validate peer_validate
else
    echo "oci-runtime-tool cannot be built here" >&2
    peer="runc spec"
    peer_generate() { (cd "$work/scratch" && rm -f config.json && runc spec); }
    compare generate our_generate peer_generate
    peer="umoci (reads an image)"
    umoci init --layout "$work/image" && umoci new --image "$work/image:a"
    peer_validate() { umoci stat --image "$work/image:a"; }
    compare validate our_validate peer_validate
fi
