#!/usr/bin/env bash
# Measures Approdo on this machine beside what needs none of its code, and beside a peer: scripts/bench.sh [FOLDER [PART…]], `make bench`
# (docs/benchmarks.md). FOLDER gets the raw figures; parts are reports, syncs, pages, rules, memory, start and browser.
#
# Builds server and driver in release mode (first time: about ten minutes; BENCH_PROFILE=dev skips that and measures little, for work on
# the driver). Everything else lies in a temporary folder. Fails when a report is lost, twice or refused, when the server waits for the disk
# more often than it may, or when a page is heavier than its budget; other figures depend on the machine and are told, met or not.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

results=${1:-var/bench}
[ $# -eq 0 ] || shift
profile=${BENCH_PROFILE:-release}
folder=$profile
[ "$profile" != dev ] || folder=debug
# Debian keeps nginx out of the PATH of people.
export PATH=$PATH:/usr/sbin
[ -f web/dist/manifest.json ] || fail "the pages are not built: make web"
scripts/setup.sh bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "building with the profile $profile"
cargo build --locked --quiet --profile "$profile" --package server --package keys --package testkit
programs=$CARGO_TARGET_DIR/$folder
"$programs/approdo-keys" demo --folder "$work/demo" >/dev/null
mkdir -p "$results"
{
    date --utc '+%Y-%m-%d %H:%M UTC'
    sed -n 's/^model name.*: /1 of '"$(nproc)"' × /p' /proc/cpuinfo | head -n 1
    uname --kernel-release
    printf 'profile %s, load before: %s\n' "$profile" "$(cut -d' ' -f1-3 /proc/loadavg)"
} >"$results/machine.txt"
say "measuring (about ten minutes)"
status=0
"$programs/bench" "$programs/approdo" "$work" "$results" "$@" || status=$?
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)" >>"$results/machine.txt"
cat "$results/machine.txt"
exit "$status"
