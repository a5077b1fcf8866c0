#!/usr/bin/env bash
# Measures Approdo on this machine and prints it beside what was measured of a peer: `make bench`.
#
# Builds in release mode (first time: about ten minutes; BENCH_PROFILE=dev skips that and is slower to run), seals reports natively,
# then lets scripts/bench.mjs start the server and ask it. Everything lies in a temporary folder.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

profile=${BENCH_PROFILE:-release}
folder=$profile
[ "$profile" != dev ] || folder=debug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "building with the profile $profile"
cargo build --locked --quiet --profile "$profile" --package server --package keys
cargo build --locked --quiet --profile "$profile" --package testkit --example sealed_reports
programs=$CARGO_TARGET_DIR/$folder
"$programs/approdo-keys" demo --folder "$work/demo" >/dev/null
say "sealing reports"
slug=$("$programs/examples/sealed_reports" "$work/demo/public" "${BENCH_REPORTS:-3000}" "$work/reports")
node scripts/bench.mjs "$programs/approdo" "$work" "$slug"
