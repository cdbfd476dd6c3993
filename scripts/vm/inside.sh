#!/bin/bash
# What is run in the guest, whose kernel tracks changed pages.
set -uo pipefail
export BUNDLETOOL_CACHE=/vm/cache BUNDLETOOL_CONTAINERS=/containers PYTHONDONTWRITEBYTECODE=1
mkdir -p /containers
echo "guest: $(uname -r), $(criu --version | head -n 1), $(runc --version | head -n 1), up $(cut -d' ' -f1 /proc/uptime) s"
time /vm/bundletool doctor --containers /containers
time /vm/bundletool create pyserver --env PYSERVER_MB=300 --env PYSERVER_PORT=8000
time /vm/bundletool clone pyserver pyserver2
time /vm/bundletool run pyserver
time until curl -sf http://127.0.0.1:8000/time; do sleep 0.3; done
time curl -s http://127.0.0.1:8000/checksum
time /vm/bundletool migrate --predump --json
time curl -s http://127.0.0.1:8000/checksum
