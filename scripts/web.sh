#!/usr/bin/env bash
# Builds what browsers load: the sealing core (WebAssembly, web/wasm) and then scripts and styles (web/dist).
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"
scripts/with-target.sh scripts/wasm.sh
npm run --prefix web --silent build </dev/null
