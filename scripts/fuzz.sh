#!/usr/bin/env bash
# Runs every fuzz target for a while: scripts/fuzz.sh [SECONDS EACH] [TARGETS…]. What crashes one is kept in fuzz/artifacts and fails.
# scripts/fuzz.sh corpus [TARGETS…] makes the committed corpora anew: of the seeds (fuzz/seeds.mjs) and of what runs on this machine
# have found, the fewest and shortest inputs that reach everything the others do.
#
# A run reads the committed corpora and never writes them: what it finds new goes to a folder outside of the clone.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

mode=${1:-60}
shift || true
if [ $# -gt 0 ]; then targets=("$@"); else mapfile -t targets < <(cd fuzz/fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//'); fi

# Coverage counters need no nightly compiler, only its switch; no sanitizer, since there is no unsafe code of ours to watch.
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$APPRODO_CACHE/fuzz-target
options=(--fuzz-dir fuzz --sanitizer none)
# Programs are run as they were built: whoever edits meanwhile changes nothing about this run.
programs=$CARGO_TARGET_DIR/$(rustc -vV | sed -n 's/^host: //p')/release
limits=(-max_len=70000 -timeout=10 -rss_limit_mb=2048)
say "building the fuzz targets (the first time takes some minutes)"
cargo fuzz build "${options[@]}" >/dev/null 2>"$APPRODO_CACHE/fuzz-build.log" || { cat "$APPRODO_CACHE/fuzz-build.log" >&2; fail "the fuzz targets do not compile"; }

# Some targets read through the file system: in memory where there is such a folder, which is sixty times as fast.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then scratch=$(mktemp -d /dev/shm/approdo-fuzz.XXXXXX); else scratch=$(mktemp -d); fi
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

# make_corpus TARGET SEEDS: at most 60 inputs of at most 20,000 bytes, so that a clone stays small.
make_corpus() {
    local target=$1 seeds=$2 chosen
    chosen=$(mktemp -d)
    mkdir -p "$APPRODO_CACHE/fuzz-corpus/$target" "$seeds/$target"
    "$programs/$target" "$chosen" "$seeds/$target" "$APPRODO_CACHE/fuzz-corpus/$target" \
        -set_cover_merge=1 -max_len=20000 -timeout=10 >"$chosen.log" 2>&1 || { tail -n 40 "$chosen.log" >&2; fail "$target cannot be minimised"; }
    rm -rf "fuzz/corpus/$target"
    mkdir -p "fuzz/corpus/$target"
    # The first ones that the merge wrote reach most.
    (cd "$chosen" && ls -tr | head -n 60) | while IFS= read -r name; do cp "$chosen/$name" "fuzz/corpus/$target/$name"; done
    rm -rf "$chosen" "$chosen.log"
    say "$target: $(find "fuzz/corpus/$target" -type f | wc -l) inputs, $(du -sb "fuzz/corpus/$target" | cut -f1) bytes"
}

if [ "$mode" = corpus ]; then
    seeds=$(mktemp -d)
    node fuzz/seeds.mjs "$seeds" >/dev/null
    for target in "${targets[@]}"; do make_corpus "$target" "$seeds"; done
    exit
fi

passed=0 failed=0
for target in "${targets[@]}"; do
    found=$APPRODO_CACHE/fuzz-corpus/$target
    mkdir -p "$found" "fuzz/corpus/$target" "fuzz/artifacts/$target"
    log=$(mktemp)
    if "$programs/$target" "$found" "fuzz/corpus/$target" -max_total_time="$mode" "${limits[@]}" -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target/" >"$log" 2>&1; then
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
