# Folders and paths that every script of ours uses. Sourced, never run: `. "$(dirname "$0")/environment.sh"`.
#
# Dependencies and tools are built once for all clones of a person: the folders below lie outside the clone.
# Our own crates are told apart by scripts/with-target.sh.

APPRODO_ROOT=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
: "${APPRODO_CACHE:=$HOME/.cache/approdo}"
: "${APPRODO_TOOLS:=$APPRODO_CACHE/tools}"
: "${CARGO_TARGET_DIR:=$APPRODO_CACHE/target}"
# rustup's cargo first: Debian's rustc-web, needed for WebAssembly only, puts another cargo in /usr/bin.
PATH=${CARGO_HOME:-$HOME/.cargo}/bin:$APPRODO_TOOLS/bin:$PATH
export APPRODO_ROOT APPRODO_CACHE APPRODO_TOOLS CARGO_TARGET_DIR PATH

# say TEXT: one line of progress.
say() { printf 'approdo: %s\n' "$*"; }
# fail TEXT: the reason, on the error stream, and the end.
fail() { printf 'approdo: %s\n' "$*" >&2; exit 1; }
