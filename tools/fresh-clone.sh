#!/usr/bin/env bash
# Clones this checkout, starts it as a newcomer would, runs the tour of the README, and stops it.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
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
