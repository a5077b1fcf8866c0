#!/usr/bin/env bash
# Measures Approdo on this machine and prints it beside what was measured of a peer: `make bench` (docs/benchmarks.md).
#
# Builds server and driver in release mode (first time: about ten minutes; BENCH_PROFILE=dev skips that and is slower to run).
# Everything lies in a temporary folder. Fails when a page is heavier than its budget or a report is not accepted.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

profile=${BENCH_PROFILE:-release}
folder=$profile
[ "$profile" != dev ] || folder=debug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "building with the profile $profile"
cargo build --locked --quiet --profile "$profile" --package server --package keys --package testkit
programs=$CARGO_TARGET_DIR/$folder
"$programs/approdo-keys" demo --folder "$work/demo" >/dev/null
say "sealing reports, then measuring (about two minutes)"
"$programs/bench" "$programs/approdo" "$work"
