#!/usr/bin/env bash
# Runs libFuzzer on what reaches a migration from outside (a source's stream, what its container needs, a receiver's
# answer, a client of the page server, a folder of CRIU images), with AddressSanitizer and bounded memory, for a bounded time. Needs root, as the page server serves
# nobody else. Usage: scripts/fuzz-migrate.sh [SECONDS]; what made it fail is left in the folder that it names.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
work=$(mktemp -d "${TMPDIR:-/tmp}/bundletool-fuzz.XXXXXX")
# In memory where possible: each input is a few files.
scratch=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "$work")" bundletool-fuzz.XXXXXX)
keep=
trap 'rm -rf "$scratch"; [[ -n $keep ]] || rm -rf "$work"' EXIT

# The modules below come from the debug build; the one that is fuzzed is compiled again, with coverage.
swift build --build-tests >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
debug=.build/debug
flags=(-I "$debug/Modules" -I Sources/CXXHash -I Sources/CZstd -I Sources/CZlib -I Sources/CArchive -I Sources/CCrypto
    -I .build/checkouts/swift-subprocess/Sources/_SubprocessCShims/include
    -I .build/checkouts/swift-system/Sources/CSystem/include)
for module in CLinux CFetch CInflate; do flags+=(-Xcc "-fmodule-map-file=$debug/$module.build/module.modulemap"); done
mapfile -t sources < <(find Sources/Migrate -name '*.swift' | sort)
mapfile -t objects < <(find "$debug"/{LinuxSystem,OCIConfig,Bundles,Subprocess,SystemPackage,CLinux,CFetch,CInflate,CSystem,_SubprocessCShims}.build \
    -name '*.o' 2>/dev/null)
package=$(basename "$PWD" | tr '[:upper:]' '[:lower:]')
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer,address -module-name Migrate -package-name "$package" \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility "${flags[@]}" \
    "${sources[@]}" Tests/Fuzz/FuzzMigrate.swift "${objects[@]}" -o "$work/fuzz" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }

mkdir "$work/corpus"
export BUNDLETOOL_FUZZ_FOLDER=$scratch
BUNDLETOOL_FUZZ_SEEDS=$work/corpus ASAN_OPTIONS=detect_leaks=0 "$work/fuzz" -runs=1 "$work/corpus" >"$work/log" 2>&1 ||
    { tail -n 30 "$work/log" >&2; exit 1; }
rm -rf "${scratch:?}"/*
# Leaks are not looked for: what Swift's runtime keeps is behind pointers that LeakSanitizer cannot follow.
ASAN_OPTIONS=detect_leaks=0 "$work/fuzz" -detect_leaks=0 -max_total_time="$seconds" -seed=1 -max_len=32768 -timeout=20 \
    -rss_limit_mb=1024 -malloc_limit_mb=256 -artifact_prefix="$work/" "$work/corpus" 2>"$work/log" || {
    keep=yes
    tail -n 30 "$work/log" >&2
    echo "error: libFuzzer found a failure; the input and the log are in $work" >&2
    exit 1
}
grep -E '^(Done|#.*DONE)' "$work/log"
