#!/usr/bin/env bash
# Builds Approdo and serves it with a demonstration network: what `make run` does. Ends with Ctrl-C.
#
# Everything it writes lies in this clone and is ignored by git: demo/ (keys, passphrases), var/ (database, programs), web/dist.
# APPRODO_LISTEN (default 127.0.0.1:8080) and APPRODO_DATABASE (default sqlite:var/approdo.db) may be set.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
cd "$APPRODO_ROOT"

listen=${APPRODO_LISTEN:-127.0.0.1:8080}
database=${APPRODO_DATABASE:-sqlite:var/approdo.db}

say "1/4  tools: checking, installing what is missing (first time: up to 5 minutes)"
scripts/setup.sh run
say "2/4  pages and sealing core for the browser (first time: about 5 minutes)"
scripts/web.sh
say "3/4  server and key tool (first time: about 5 minutes)"
mkdir -p var/bin
# Copied inside the lock: the folder of cargo is shared, another clone may build there a moment later.
scripts/with-target.sh bash -c '
    cargo build --locked --quiet --package server --package keys
    for program in approdo approdo-keys; do
        cmp -s "$CARGO_TARGET_DIR/debug/$program" "var/bin/$program" || install -m 755 "$CARGO_TARGET_DIR/debug/$program" "var/bin/$program"
    done'
say "4/4  demonstration network (first time: some seconds)"
accounts=$(var/bin/approdo-keys demo --folder demo)
var/bin/approdo migrate --database "$database"
var/bin/approdo network import demo/public --database "$database"
# One person of each centre says what the others do there (docs/roles.md).
for account in elena.livorno chiara.mantova marta.pisa; do
    var/bin/approdo roles give "$account" administrator --database "$database"
done

printf '\n%s\n\n' "$accounts"
say "open http://$listen/ in a browser; the operators sign in at http://$listen/it/console/sign-in"
say "this network is a demonstration: nobody reads what is written here. Ctrl-C ends it."
# Whoever tries it needs no authenticator; the page of the second factor offers one (docs/configuration.md).
export APPRODO_SESSION__SECOND_FACTOR=offered
exec var/bin/approdo serve --demo --database "$database" --listen "$listen"
