#!/usr/bin/env bash
# Shows that each check of scripts/repository-checks.sh passes on a small sound repository and fails, for the right reason, on a broken one.
set -euo pipefail
checks=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/repository-checks.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
problems=0
tried=

# sound: a repository that breaks nothing, as the current folder.
sound() {
    rm -rf "$work/repository"
    mkdir -p "$work/repository" && cd "$work/repository"
    git init --quiet
    local crate
    for crate in envelope keyring age server network platform keys; do
        mkdir -p "crates/$crate/src"
        printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n' "$crate" >"crates/$crate/Cargo.toml"
        printf '//! Nothing.\n' >"crates/$crate/src/lib.rs"
    done
    printf 'envelope = { workspace = true }\n' >>crates/server/Cargo.toml
    printf 'pub use envelope::*;\n' >>crates/server/src/lib.rs
    printf '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n\n[workspace.dependencies]\nenvelope = { path = "crates/envelope" }\n' >Cargo.toml
    mkdir -p crates/network/src/accounts crates/network/src/reports crates/network/src/migrations
    printf 'use crate::accounts::Person;\n' >crates/network/src/reports/mod.rs
    printf '# Title\n\nSee [there](#title) and `crates/server/src/lib.rs::envelope`.\n' >README.md
    printf '# Threats\n\n## What holds\n\n| What | Held by |\n|---|---|\n| a seized disk | `crates/server/src/lib.rs` |\n' >THREAT-MODEL.md
    cargo generate-lockfile --quiet --offline
}
# expect CHECK TEXT: the check fails and says TEXT.
expect() {
    local said
    tried="$tried $1"
    if said=$("$checks" --only "$1" . 2>&1); then
        echo "$1 did not notice: $2"
        problems=$((problems + 1))
    elif ! grep -qF -- "$2" <<<"$said"; then
        printf '%s failed without saying "%s":\n%s\n' "$1" "$2" "$said"
        problems=$((problems + 1))
    fi
}

sound
if ! said=$("$checks" . 2>&1); then
    printf 'a sound repository is refused:\n%s\n' "$said"
    problems=$((problems + 1))
fi

sound
printf 'keyring = { path = "../keyring" }\n' >>crates/envelope/Cargo.toml
cargo generate-lockfile --quiet --offline
expect server_cannot_decrypt "crates/server links the crates above"
sound
printf 'age = { path = "../age" }\n' >>crates/platform/Cargo.toml
cargo generate-lockfile --quiet --offline
expect server_cannot_decrypt "crates/platform links the crates above"

sound
printf 'platform = { path = "../platform" }\n' >>crates/keys/Cargo.toml
cargo generate-lockfile --quiet --offline
expect keys_stays_offline "crates/keys links the crates above"

sound
touch 'two words.md'
expect file_names "file names use letters"

sound
seq -f '// %g' 501 >crates/server/src/long.rs
expect file_length "crates/server/src/long.rs has 501 lines"

sound
printf 'See [gone](docs/gone.md).\n' >>README.md
expect links "docs/gone.md, which does not exist"
sound
printf 'See [gone](THREAT-MODEL.md#gone).\n' >>README.md
expect links "no such heading"

sound
printf 'See `crates/server/src/gone.rs`.\n' >>README.md
expect named_files "crates/server/src/gone.rs, which does not exist"
sound
printf 'See `crates/server/src/lib.rs::nothing_like_it`.\n' >>THREAT-MODEL.md
expect named_files "does not contain nothing_like_it"

sound
printf '// docs/adr/%s\n' 0042 >>crates/server/src/lib.rs
expect documents_named_in_code "names docs/adr/0042, which does not exist"

sound
printf '| a wish | hope |\n' >>THREAT-MODEL.md
expect threat_model_rows "no file or test holds this line: | a wish"

sound
printf 'use crate::{reports::Report, other};\n' >crates/network/src/accounts/mod.rs
expect slice_order "the slice accounts uses reports"
sound
mkdir crates/network/src/gardening
expect slice_order "gardening has no place"

sound
printf '#[%s(dead_code)]\nfn unused() {}\n' allow >>crates/server/src/lib.rs
expect no_allow "instead of allow"
sound
printf '// @%s\n' ts-ignore >page.ts
expect no_allow "mend the type"

sound
printf 'platform = { path = "../platform" }\n' >>crates/server/Cargo.toml
expect unused_dependencies "nothing in crates/server uses platform"
sound
printf 'platform = { path = "crates/platform" }\n' >>Cargo.toml
expect unused_dependencies "no crate uses the workspace dependency platform"

sound
printf 'Look into %shome%ssomebody/notes.\n' / / >>README.md
expect no_machine_paths "README.md:4:"
sound
printf '{ "%s": "x" }\n' resolved >package-lock.json
expect no_machine_paths "package-lock.json:1:"

for name in $("$checks" --list); do
    if ! grep -qw -- "$name" <<<"$tried"; then
        echo "nothing here shows that $name can fail"
        problems=$((problems + 1))
    fi
done
[ "$problems" = 0 ]
