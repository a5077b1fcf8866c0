#!/usr/bin/env bash
# Installs what is missing: scripts/setup.sh run | test | bench | long. Quick when everything is there.
#
# As root (or with a sudo that asks for no password) it installs Debian and Ubuntu packages; otherwise it prints the exact commands and
# ends. Tools go to $APPRODO_TOOLS, npm packages into web/ and e2e/. It never downloads a Rust toolchain.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

purpose=${1:-run}
case $purpose in run | test | bench | long) ;; *) fail "usage: scripts/setup.sh run|test|bench|long" ;; esac

wasm_target=wasm32-unknown-unknown
packages=()  # Debian packages that are missing
reasons=()   # and why
unmet=()     # what no package of ours can mend

# need PACKAGES… -- REASON
need() {
    while [ "$1" != "--" ]; do
        packages+=("$1")
        shift
    done
    reasons+=("$2")
}
has() { command -v "$1" >/dev/null 2>&1; }
# locked_version CRATE: the version in Cargo.lock.
locked_version() { sed -n "/^name = \"$1\"\$/{n;s/^version = \"\\(.*\\)\"\$/\\1/p;}" Cargo.lock; }
# offered PACKAGE: is it in the lists of apt?
offered() { [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: \([^(].*\)/\1/p')" ]; }

# --- what is missing ----------------------------------------------------------------------------------------------------------------
if has rustc && has cargo; then
    minimum=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(rustc --version | cut -d' ' -f2)
    if [ "$(printf '%s\n%s\n' "$minimum" "$found" | sort -V | head -n1)" != "$minimum" ]; then
        unmet+=("Rust $minimum or later; found $found. With rustup: rustup update stable")
    fi
else
    unmet+=("Rust (cargo, rustc), see https://rustup.rs")
fi
if ! has node; then
    unmet+=("node 20 or later")
elif [ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -lt 20 ]; then
    unmet+=("node 20 or later; found $(node --version)")
fi
has npm || unmet+=("npm, which usually comes with node")

has cc || need gcc libc6-dev -- "a C compiler and linker"
has make || need make -- "make"
has git || need git -- "git"
has flock || need util-linux -- "flock"

native_target() { [ -d "$(rustc --print sysroot 2>/dev/null)/lib/rustlib/$wasm_target" ]; }
debian_target() {
    [ -x /usr/bin/cargo ] && has wasm-ld-19 && [ -d "$(/usr/bin/rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std" ]
}
if has rustc && ! native_target && ! debian_target; then
    need rustc-web cargo-web rust-web-src lld-19 -- "the compiler for WebAssembly (instead: rustup target add $wasm_target)"
fi

if [ "$purpose" != run ] && ! has chromium && ! has chromium-browser; then
    need chromium -- "the browser of the browser tests"
fi
if [ "$purpose" = test ]; then
    [ -d /usr/share/fonts/truetype/noto ] || need fonts-noto-core -- "fonts for every script on the pages"
    if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
        if has apt-cache && offered postgresql-15; then postgresql=postgresql-15; else postgresql=postgresql; fi
        need "$postgresql" -- "PostgreSQL for the stories; they start their own in a temporary folder"
    fi
    has sqlite3 || need sqlite3 -- "sqlite3, with which the browser stories fill an inbox"
    has nginx || [ -x /usr/sbin/nginx ] || need nginx -- "nginx for the stories of the proxy; they start their own in a temporary folder"
    has openssl || need openssl -- "openssl, which speaks TLS to it"
    has cvc5 || need cvc5 -- "cvc5, which proves the rules (crates/policy)"
    if ! [ -x "$APPRODO_TOOLS/bin/typos" ] && ! /usr/bin/env python3 -m pip --version >/dev/null 2>&1; then
        need python3-pip -- "pip, which brings the spelling checker"
    fi
fi

if [ "$purpose" = bench ]; then
    # Debian keeps it out of the PATH of people.
    has nginx || [ -x /usr/sbin/nginx ] || need nginx -- "nginx, beside which pages are measured; the benchmark starts its own"
    has wrk || need wrk -- "wrk, which asks for pages"
    has strace || need strace -- "strace, which counts how often the server waits for the disk"
fi

if [ "$purpose" = long ]; then
    has c++ || need g++ -- "a C++ compiler for the fuzzer's library"
fi

# --- Debian packages ----------------------------------------------------------------------------------------------------------------
as_root=()
may_install=no
if has apt-get; then
    if [ "$(id -u)" = 0 ]; then
        may_install=yes
    elif has sudo && sudo -n true 2>/dev/null; then
        may_install=yes
        as_root=(sudo -n)
    fi
fi

if [ ${#unmet[@]} -gt 0 ]; then
    printf 'approdo: please install first:\n' >&2
    printf '  %s\n' "${unmet[@]}" >&2
    exit 1
fi
if [ ${#packages[@]} -gt 0 ]; then
    say "missing:"
    printf '  - %s\n' "${reasons[@]}"
    if [ $may_install = no ]; then
        printf 'approdo: not root, so please run this (Debian, Ubuntu), then the same make command again:\n' >&2
        printf '  apt-get update && apt-get install --yes --no-install-recommends %s\n' "${packages[*]}" >&2
        exit 1
    fi
    say "installing ${packages[*]} (one to five minutes)"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq
    for package in "${packages[@]}"; do
        if ! offered "$package"; then
            case $package in
                *web* | lld-19) fail "this release has no package $package. For WebAssembly run: rustup target add $wasm_target" ;;
                *) fail "this release has no package $package: please install its like by hand" ;;
            esac
        fi
    done
    "${as_root[@]}" apt-get install --yes --no-install-recommends -qq "${packages[@]}" </dev/null >/dev/null
    # Nobody asked for a web server on this machine: what the package has started is stopped and stays off.
    case " ${packages[*]} " in
        *" nginx "*) "${as_root[@]}" systemctl disable --now --quiet nginx 2>/dev/null || "${as_root[@]}" service nginx stop >/dev/null 2>&1 || true ;;
    esac
fi

# --- tools --------------------------------------------------------------------------------------------------------------------------
# cargo_tool BINARY CRATE VERSION MINUTES: installs a Rust program, in a target folder of its own.
cargo_tool() {
    local binary=$APPRODO_TOOLS/bin/$1
    # A tool that is a command of cargo's may know its version under that name only.
    if [ -x "$binary" ] && { "$binary" --version || "$binary" "${1#cargo-}" --version; } 2>/dev/null | grep -qF " $3"; then
        return
    fi
    say "building the tool $1 $3 (about $4 minutes on two cores, once for all clones)"
    CARGO_TARGET_DIR=$APPRODO_CACHE/tools-target cargo install --quiet --force --root "$APPRODO_TOOLS" --version "$3" "$2" </dev/null
}

mkdir -p "$APPRODO_TOOLS/bin"
# One installation at a time; the others then find it done.
exec 8>"$APPRODO_TOOLS/.lock"
flock 8
cargo_tool wasm-bindgen wasm-bindgen-cli "$(locked_version wasm-bindgen)" 3
if [ "$purpose" = test ]; then
    cargo_tool cargo-deny cargo-deny 0.20.2 4
    cargo_tool rage rage 0.12.1 3
    typos_version=1.52.0
    if ! "$APPRODO_TOOLS/bin/typos" --version 2>/dev/null | grep -qF " $typos_version"; then
        say "installing the spelling checker typos $typos_version"
        rm -rf "$APPRODO_TOOLS/typos"
        python3 -m pip install --quiet --disable-pip-version-check --no-deps --root-user-action ignore \
            --target "$APPRODO_TOOLS/typos" "typos==$typos_version" </dev/null
        cp "$APPRODO_TOOLS/typos/bin/typos" "$APPRODO_TOOLS/bin/typos"
    fi
fi
if [ "$purpose" = long ]; then
    cargo_tool cargo-fuzz cargo-fuzz 0.13.2 2
    cargo_tool cargo-mutants cargo-mutants 27.1.0 2
fi
exec 8>&-

# --- npm packages -------------------------------------------------------------------------------------------------------------------
# npm_packages FOLDER: installs exactly what the lock file says, when it is newer than what is installed.
npm_packages() {
    [ -f "$1/package-lock.json" ] || fail "$1/package-lock.json is missing"
    local stamp=$1/node_modules/.approdo-lock
    if [ -f "$stamp" ] && cmp -s "$1/package-lock.json" "$stamp"; then
        return
    fi
    say "installing the npm packages of $1 (under a minute)"
    npm ci --prefix "$1" --no-fund --no-audit --loglevel error </dev/null >/dev/null
    cp "$1/package-lock.json" "$stamp"
}
npm_packages web
[ "$purpose" = run ] || npm_packages e2e
