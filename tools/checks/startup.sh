#!/usr/bin/env bash
# Seconds from the command line to the record of a run's first step: once with Node's compile cache and the system's file
# cache empty, then with both warm. From a clone's root, after npm ci; emptying the file cache needs root.
#
# Usage: tools/checks/startup.sh CONFIG [times]      CONFIG trains one step, for example with training.max_steps: 1
set -euo pipefail
config="$1"
times="${2:-3}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
export NODE_COMPILE_CACHE="$work/compile-cache"

# Prints the seconds until the first line of timings.jsonl is there.
first_step() {
  rm -rf "$work/run"
  local start end
  start="$(date +%s%N)"
  node apps/cli/bin/tether.js train "$config" --output "$work/run" >"$work/log" 2>&1 &
  local run=$!
  until [ -s "$work/run/timings.jsonl" ]; do
    kill -0 "$run" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.02
  done
  end="$(date +%s%N)"
  wait "$run"
  echo "$1: $(((end - start) / 1000000)) ms, $(head -n 1 "$work/run/timings.jsonl")"
}

for ((i = 0; i < times; i++)); do
  rm -rf "$NODE_COMPILE_CACHE"
  sync
  { echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null || echo "the file cache stays warm: emptying it needs root"
  first_step cold
done
for ((i = 0; i < times; i++)); do first_step warm; done
