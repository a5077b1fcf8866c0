#!/bin/sh
# Builds crates/browser to WebAssembly: web/wasm/public (mailbox and writing), web/wasm/console (the same and what operators need) and
# web/wasm/vectors (the committed test vectors, tests only).
#
# Needs: cargo, the wasm32-unknown-unknown target (rustup, or Debian's rustc-web, cargo-web, rust-web-src and lld-19), wasm-bindgen in
# $APPRODO_TOOLS/bin, and `npm ci` done in web/ (for wasm-opt). Skips all work when nothing it reads has changed.
# The same inputs give the same bytes: paths of this machine are mapped away and one compiler is used for the whole module.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache=${APPRODO_CACHE:-$HOME/.cache/approdo}
tools=${APPRODO_TOOLS:-$cache/tools}
# A folder of its own: Debian's compiler and rustup's must not overwrite each other's work.
target_dir=${APPRODO_WASM_TARGET:-$(dirname -- "${CARGO_TARGET_DIR:-$cache/target}")/target-wasm}
out=$root/web/wasm
# A build that fails leaves what was there.
fresh=$root/web/wasm.new
wasm_opt=$root/web/node_modules/.bin/wasm-opt
target=wasm32-unknown-unknown

say() { printf 'wasm: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# One build at a time: two would delete each other's half-written module.
mkdir -p "$target_dir"
exec 8>"$target_dir/.approdo-lock"
flock 8

# --- what would be built -----------------------------------------------------------------------------------------------------------
inputs() {
    cd "$root"
    find crates/envelope crates/keyring crates/media crates/browser -type f ! -path '*/tests/*' \( -name '*.rs' -o -name '*.toml' -o -name '*.txt' -o -name '*.sh' \) -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum
    sha256sum Cargo.toml Cargo.lock scripts/wasm.sh web/package-lock.json
    find crates/keyring/tests/vectors -type f -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0 -r sha256sum
}
stamp=$(inputs | sha256sum | cut -d' ' -f1)
if [ -f "$out/inputs" ] && [ "$(cat "$out/inputs")" = "$stamp" ]; then
    say "unchanged"
    exit 0
fi

separator=$(printf '\037')

# --- which compiler ----------------------------------------------------------------------------------------------------------------
sysroot=$(rustc --print sysroot 2>/dev/null || true)
if [ -n "$sysroot" ] && [ -d "$sysroot/lib/rustlib/$target" ]; then
    say "compiler: $(rustc --version), with the installed target"
    compiler_path=$PATH
    panic=
    set --
elif [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std" ] && command -v wasm-ld-19 >/dev/null; then
    say "compiler: $(/usr/bin/rustc --version), standard library from source"
    compiler_path=/usr/bin:$PATH
    # With the standard library from source, a panic is one instruction without the text that nobody would see.
    panic="${separator}-Cpanic=immediate-abort"
    set -- -Zbuild-std=std,panic_abort --config "target.$target.linker=\"wasm-ld-19\""
else
    say "no compiler for $target. Either of these installs one:"
    say "  rustup target add $target"
    say "  apt-get install --no-install-recommends rustc-web cargo-web rust-web-src lld-19     (Debian 12 and later)"
    exit 1
fi
[ -x "$tools/bin/wasm-bindgen" ] || fail "wasm-bindgen is missing in $tools/bin: run make setup"
[ -x "$wasm_opt" ] || fail "wasm-opt is missing: run npm ci in web/"
wanted=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$root/Cargo.lock")
"$tools/bin/wasm-bindgen" --version | grep -qF "$wanted" || fail "wasm-bindgen in $tools/bin is not version $wanted, the one in Cargo.lock"

# --- build -------------------------------------------------------------------------------------------------------------------------
# Debug texts and source positions serve nobody in a browser that reports nothing; without them the module is a third smaller.
# The two switches are unstable and change no meaning, hence RUSTC_BOOTSTRAP.
export RUSTC_BOOTSTRAP=1
flags="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo${separator}--remap-path-prefix=$root=/approdo"
flags="$flags${separator}-Zunstable-options${separator}-Zfmt-debug=none${separator}-Zlocation-detail=none$panic"

# No tables of multiples: crates/browser/without-tables.sh says why. Cargo does not notice when a wrapper changes; it notices a new flag.
export RUSTC_WRAPPER=$root/crates/browser/without-tables.sh
flags="$flags${separator}--cfg=wrapper=\"$(sha256sum "$RUSTC_WRAPPER" | cut -c1-16)\""

# build NAME FEATURES: compiles, writes the JavaScript side, shrinks. Smallest first, but Argon2 must not take seconds longer. The crate
# type is named because cargo optimises across crates only when no library is asked for beside the module.
build() {
    name=$1 features=$2
    folder=$fresh/$name
    shift 2
    say "building $name"
    (cd "$root" && PATH=$compiler_path CARGO_ENCODED_RUSTFLAGS=$flags CARGO_TARGET_DIR=$target_dir CARGO_PROFILE_BROWSER_STRIP=none \
        CARGO_PROFILE_BROWSER_OPT_LEVEL=z cargo rustc --quiet --profile browser --package browser --target "$target" \
        --config 'profile.browser.package.argon2.opt-level=3' --config 'profile.browser.package.blake2.opt-level=3' \
        --no-default-features --features "$features" --crate-type cdylib "$@")
    mkdir -p "$folder"
    "$tools/bin/wasm-bindgen" --target web --omit-default-module-path --remove-name-section --remove-producers-section --out-dir "$folder" \
        "$target_dir/$target/browser/browser.wasm"
    "$wasm_opt" -Oz --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals \
        --enable-reference-types --enable-multivalue --strip-debug --strip-producers \
        "$folder/browser_bg.wasm" -o "$folder/core.wasm"
    rm -f "$folder/browser_bg.wasm" "$folder/browser_bg.wasm.d.ts"
    say "$name/core.wasm: $(wc -c <"$folder/core.wasm") bytes"
}

rm -rf "$fresh"
build public "" "$@"
build console "console" "$@"
build vectors "vectors" "$@"
printf '%s\n' "$stamp" >"$fresh/inputs"
rm -rf "$out"
mv "$fresh" "$out"
