#!/usr/bin/env bash
# Runs every benchmark, one after another: each compares bundletool with its peers in one run.
set -euo pipefail
cd "$(dirname "$0")"
status=0
for script in *.sh frozen.py growth.py; do
    [[ $script != run.sh && $script != lib*.sh ]] || continue
    printf '\n=== %s\n' "$script"
    "./$script" || status=1
done
exit "$status"
