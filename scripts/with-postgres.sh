#!/usr/bin/env bash
# Runs a command beside a PostgreSQL of its own: scripts/with-postgres.sh COMMAND…
#
# The server lives in a temporary folder, listens on the loopback interface alone, on a free port, with a random password, and is
# stopped and removed however the command ends. It answers to nobody after that, so it does not sync to the disk.
# The command finds it in APPRODO_TEST_POSTGRES (an administrator's address) and must use it: APPRODO_REQUIRE_POSTGRES=1.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

[ $# -gt 0 ] || fail "usage: scripts/with-postgres.sh COMMAND…"

# Debian keeps the programs out of PATH; the newest version that is installed wins.
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort --version-sort | tail -n 1 || true)
[ -n "$programs" ] || programs=$(dirname -- "$(command -v initdb || true)")
[ -x "$programs/initdb" ] || fail "PostgreSQL is not installed: apt-get install --no-install-recommends postgresql-15"

folder=$(mktemp -d "${TMPDIR:-/tmp}/approdo-postgres.XXXXXX")

# PostgreSQL refuses to run as root, so root lends it to an unprivileged user.
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$folder"
    as_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
fi

stop() {
    [ ! -f "$folder/data/postmaster.pid" ] || run "$programs/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop || true
    rm -rf "$folder"
}
# Not inside the folder of the caller: the unprivileged user may not be able to enter it.
run() { (cd / && "${as_user[@]}" env -u PGDATA LC_ALL=C.UTF-8 "$@"); }
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

password=$(od -An -N 16 -tx1 /dev/urandom | tr -d ' \n')
printf '%s\n' "$password" | run tee "$folder/password" >/dev/null
run "$programs/initdb" --pgdata="$folder/data" --username=approdo --pwfile="$folder/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-instructions >"$folder.log" 2>&1 || { cat "$folder.log" >&2; rm -f "$folder.log"; fail "initdb failed"; }
rm -f "$folder.log"

started=
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$folder -c max_connections=500 -c shared_buffers=64MB"
    options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c logging_collector=off"
    if run "$programs/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --options="$options" --silent --wait start; then
        started=yes
        break
    fi
done
[ -n "$started" ] || { cat "$folder/log" >&2; fail "PostgreSQL did not start"; }

status=0
APPRODO_TEST_POSTGRES="postgres://approdo:$password@127.0.0.1:$port/postgres" APPRODO_REQUIRE_POSTGRES=1 "$@" || status=$?
exit "$status"
