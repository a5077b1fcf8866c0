#!/usr/bin/env bash
# Runs every fuzz target for a while: scripts/fuzz.sh [SECONDS EACH] [TARGETS…]. What crashes one is kept in fuzz/artifacts and fails.
#
# The committed corpora are read, never written: what this run finds new goes to a folder outside of the clone.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

seconds=${1:-60}
shift || true
if [ $# -gt 0 ]; then targets=("$@"); else mapfile -t targets < <(cd fuzz/fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//'); fi

# Coverage counters need no nightly compiler, only its switch; no sanitizer, since there is no unsafe code of ours to watch.
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$APPRODO_CACHE/fuzz-target
options=(--fuzz-dir fuzz --sanitizer none)
say "building ${#targets[@]} fuzz targets (the first time takes some minutes)"
cargo fuzz build "${options[@]}" >/dev/null 2>"$APPRODO_CACHE/fuzz-build.log" || { cat "$APPRODO_CACHE/fuzz-build.log" >&2; fail "the fuzz targets do not compile"; }

passed=0 failed=0
for target in "${targets[@]}"; do
    found=$APPRODO_CACHE/fuzz-corpus/$target
    mkdir -p "$found" "fuzz/corpus/$target"
    log=$(mktemp)
    if cargo fuzz run "${options[@]}" "$target" "$found" "fuzz/corpus/$target" -- -max_total_time="$seconds" -max_len=70000 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 >"$log" 2>&1; then
        passed=$((passed + 1))
        say "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
    else
        failed=$((failed + 1))
        tail -n 40 "$log" >&2
        say "$target: FAILED"
    fi
    rm -f "$log"
done
printf 'fuzz: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
