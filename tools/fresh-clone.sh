#!/usr/bin/env bash
# Clones this checkout, starts it as a newcomer would, runs the tour of the README, and stops it.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
server=
# npm may end before the server that it started: each process is told, and waited for
started_by() {
  local child
  for child in $(ps -o pid= --ppid "$1"); do
    started_by "$child"
    echo "$child"
  done
}
finish() {
  local process processes=()
  if [ -n "$server" ]; then
    mapfile -t processes < <(started_by "$server")
    for process in "${processes[@]}" "$server"; do kill "$process" 2>/dev/null || true; done
    wait "$server" 2>/dev/null || true
    for process in "${processes[@]}"; do
      for _ in $(seq 75); do kill -0 "$process" 2>/dev/null || break; sleep 0.2; done
    done
  fi
  rm -rf "$place"
}
trap finish EXIT
git clone -q "$here" "$place/claviger"
cd "$place/claviger"
port=$((20000 + RANDOM % 20000))
export CLAVIGER_LISTEN=127.0.0.1:$port
npm start >"$place/start.log" 2>&1 &
server=$!
for _ in $(seq 600); do
  grep -q 'claviger ready at' "$place/start.log" && break
  kill -0 "$server" 2>/dev/null || { cat "$place/start.log"; exit 1; }
  sleep 0.2
done
grep -q 'claviger ready at' "$place/start.log" || { cat "$place/start.log"; exit 1; }
if grep -i 'warn' "$place/start.log" | grep -vi 'user config'; then echo 'npm start warned'; exit 1; fi
set -a
# the blocks of the README that are marked for it
awk '/<!-- tour -->/{on=1} on&&/^```sh/{code=1;next} /^```/{code=0;on=0} code' README.md >"$place/tour.sh"
[ -s "$place/tour.sh" ]
bash -euo pipefail "$place/tour.sh"
echo 'The tour of the README works.'
