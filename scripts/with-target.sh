#!/usr/bin/env bash
# Runs a command while this clone owns the shared target folder: scripts/with-target.sh COMMAND…
#
# Why: cargo names what it compiles from a workspace by the path *inside* the workspace and trusts modification times. Two clones that
# share a target folder therefore run each other's code without a word. So one clone works at a time, and one that finds the
# folder last used by another marks its own sources as new: our crates are compiled again, the dependencies are not.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

if [ "${APPRODO_TARGET_OWNER:-}" = "$APPRODO_ROOT" ]; then
    exec "$@"
fi
mkdir -p "$CARGO_TARGET_DIR"
exec 9>"$CARGO_TARGET_DIR/.approdo-lock"
if ! flock --nonblock 9; then
    say "another clone is using $CARGO_TARGET_DIR: waiting for it"
    flock 9
fi
owner=$CARGO_TARGET_DIR/.approdo-owner
if [ "$(cat "$owner" 2>/dev/null || true)" != "$APPRODO_ROOT" ]; then
    # Removed first, so that an interrupted run is done again.
    rm -f "$owner"
    find crates translations -type f -exec touch {} +
    printf '%s\n' "$APPRODO_ROOT" >"$owner"
fi
# The descriptor is closed for the command: a server or database that it leaves behind must not keep the lock.
status=0
APPRODO_TARGET_OWNER=$APPRODO_ROOT "$@" 9>&- || status=$?
exit "$status"
