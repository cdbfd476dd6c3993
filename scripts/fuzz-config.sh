#!/usr/bin/env bash
# Runs libFuzzer on the decoder, the validator and the editor of configurations, with AddressSanitizer, for a bounded
# time. Usage: scripts/fuzz-config.sh [SECONDS]; what made it fail is left in the folder that it names.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}
work=$(mktemp -d "${TMPDIR:-/tmp}/bundletool-fuzz.XXXXXX")
keep=
trap '[[ -n $keep ]] || rm -rf "$work"' EXIT

mapfile -t sources < <(find Sources/OCIConfig -name '*.swift' | sort)
# One module: the target sees what the library has.
swiftc -O -swift-version 6 -parse-as-library -sanitize=fuzzer,address -module-name FuzzConfig \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    "${sources[@]}" Tests/Fuzz/FuzzConfig.swift -o "$work/fuzz" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

mkdir "$work/corpus"
printf '{"ociVersion":"1.0.2","process":{"args":["sh"],"cwd":"/","user":{"uid":0,"gid":0}},"root":{"path":"rootfs"}}' \
    >"$work/corpus/small"
printf '{"linux":{"namespaces":[{"type":"pid"}],"resources":{"memory":{"limit":-1}},"seccomp":{"defaultAction":"SCMP_ACT_ALLOW"}}}' \
    >"$work/corpus/linux"
printf '{"terminal":false,"env":{"A":null},"set":{"mounts[0].type":"x"},"namespaces":{"network":"host"}}' >"$work/corpus/recipe"
printf '{"architecture":"amd64","os":"linux","config":{"User":"a:b","Volumes":{"/d":{}}},"rootfs":{"type":"layers","diff_ids":[]}}' \
    >"$work/corpus/image"
for word in '{' '}' '[' ']' ':' ',' 'null' 'true' '\"ociVersion\":' '\"linux\":' '\"mounts\":' '\\u' '18446744073709551615'; do
    echo "\"$word\""
done >"$work/words"
# Leaks are not looked for: the tables of fields live as long as the process, behind pointers that LeakSanitizer cannot
# follow.
ASAN_OPTIONS=detect_leaks=0 "$work/fuzz" -detect_leaks=0 -max_total_time="$seconds" -seed=1 -max_len=8192 -dict="$work/words" -artifact_prefix="$work/" \
    "$work/corpus" 2>"$work/log" || {
    keep=yes
    tail -n 30 "$work/log" >&2
    echo "error: libFuzzer found a failure; the input and the log are in $work" >&2
    exit 1
}
grep -E '^(Done|#.*DONE)' "$work/log"
