#!/usr/bin/env bash
# Everything that can be checked without running Approdo: `make check`. Runs all, says which failed, ends with "check: N passed, N failed".
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

passed=0
failed=0
# step NAME COMMAND…: quiet when it passes, everything it said when it fails.
step() {
    local name=$1 output
    shift
    output=$(mktemp)
    SECONDS=0
    if "$@" >"$output" 2>&1 </dev/null; then
        passed=$((passed + 1))
        printf 'ok      %s (%d s)\n' "$name" "$SECONDS"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s (%d s)\n' "$name" "$SECONDS"
        sed 's/^/        /' "$output"
    fi
    rm -f "$output"
}

# Generated files that are committed: a run of their generator must change nothing.
generated_files_unchanged() {
    # Cargo.lock follows from the manifests.
    cargo metadata --locked --format-version 1 >/dev/null || { echo "Cargo.lock does not fit the manifests: run cargo check and commit it"; return 1; }
    # The npm lock files follow from package.json.
    local folder
    for folder in web e2e; do
        npm ls --prefix "$folder" --all --package-lock-only >/dev/null || { echo "$folder/package-lock.json does not fit $folder/package.json"; return 1; }
    done
}

step "format"                        cargo fmt --all --check
step "lints (clippy)"                cargo clippy --locked --quiet --keep-going --workspace --all-targets -- -D warnings
step "licences, bans, sources"       cargo deny --log-level error check licenses bans sources
step "spelling"                      typos
step "TypeScript types"              npm run --prefix web --silent check
step "generated files unchanged"     generated_files_unchanged
for name in $(scripts/repository-checks.sh --list); do
    step "repository: ${name//_/ }"  scripts/repository-checks.sh --only "$name"
done
step "each repository check can fail" scripts/repository-checks-test.sh

printf 'check: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
