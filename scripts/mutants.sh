#!/usr/bin/env bash
# Tests the tests: scripts/mutants.sh envelope|states [SHARD [LANE]], such as `scripts/mutants.sh envelope 0/40` (docs/adr/0014).
# Two may run at once when each has a lane, a word, of its own.
#
# cargo-mutants changes one operator or return value at a time and expects a test to fail. It works on a copy outside of the clone,
# reduced to what the mutated code needs, so that one mutant takes seconds and not minutes:
#   envelope  the crates envelope and keyring; the tests of both judge a mutant, without those that must not compile
#   states    the files that hold states, with their neighbours and unit tests, as a crate of their own
# What survived is listed at the end, and stays in $APPRODO_CACHE/mutants until the next run of that lane.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

what=${1:-}
shard=${2:-0/1}
lane=${3:-one}
case $what in envelope | states) ;; *) fail "usage: scripts/mutants.sh envelope|states [SHARD [LANE]]" ;; esac
[[ $shard =~ ^[0-9]+/[0-9]+$ ]] || fail "a shard is a number from 0 and how many there are, such as 0/40"
[[ $lane =~ ^[a-z]+$ ]] || fail "a lane is a word of small letters"
command -v cargo-mutants >/dev/null || fail "cargo-mutants is missing: scripts/setup.sh long"

copy=$APPRODO_CACHE/mutants/$what-$lane
rm -rf "$copy"
mkdir -p "$copy/crates"

# take PATHS…: the same files in the copy.
take() { for path in "$@"; do mkdir -p "$copy/$(dirname -- "$path")" && cp -R "$path" "$copy/$path"; done; }

if [ "$what" = envelope ]; then
    take Cargo.lock crates/envelope crates/keyring crates/browser/age-texts
    members='"crates/envelope", "crates/keyring"'
    sed -e "s|^members = .*|members = [$members]|" -e "s|^default-members = .*|default-members = [$members]|" Cargo.toml >"$copy/Cargo.toml"
    chosen=(--package envelope --test-package envelope,keyring)
    tests=(--lib --tests -- --skip compile_fail)
else
    source=crates/network/src
    take Cargo.lock data/retention.json "$source"/{centres/hours,keeping/model,keeping/terms,keeping/week,reports/model}.rs "$source/reports/model"
    sed -e 's|^members = .*|members = ["crates/network"]|' -e '/^default-members = /d' -e '/^\[patch/,$d' Cargo.toml >"$copy/Cargo.toml"
    cat >"$copy/crates/network/Cargo.toml" <<'MANIFEST'
[package]
name = "states"
version = "0.0.0"
edition = "2024"

[dependencies]
jiff = { workspace = true, features = ["tzdb-bundle-always"] }
serde = { workspace = true }
serde_json = { workspace = true }
thiserror = { workspace = true }
uuid = { workspace = true }

[dev-dependencies]
proptest = { workspace = true }
MANIFEST
    printf '#![allow(dead_code, unused)]\npub mod centres { pub mod hours; }\npub mod keeping { pub mod model; pub mod terms; pub mod week; }\npub mod reports { pub mod model; }\n' >"$copy/$source/lib.rs"
    chosen=(--file "$source/keeping/model.rs" --file "$source/reports/model.rs")
    tests=(--lib)
fi

# A copy may change its lock file; no debug information, because nobody looks for the place of a failure; a little optimisation, because the
# tests take longer than compiling does.
cd "$copy"
export CARGO_TARGET_DIR=$APPRODO_CACHE/mutants-target/$lane CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_INCREMENTAL=1
unset APPRODO_WRITE_VECTORS
say "mutants of $what, shard $shard"
status=0
nice -n 15 cargo mutants --in-place --timeout 60 --minimum-test-timeout 30 --shard "$shard" --no-shuffle --colors never \
    --output "$copy" "${chosen[@]}" -- "${tests[@]}" || status=$?
for list in missed timeout; do
    if [ -s "mutants.out/$list.txt" ]; then printf '%s:\n' "$list" && cat "mutants.out/$list.txt"; fi
done
# 2: some survived; 3: some ran too long. Both are for people to read.
case $status in 0 | 2 | 3) exit 0 ;; *) exit "$status" ;; esac
