# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A PostgreSQL server in a directory of its own ($server), without a network, that ends with the script that started it. To be
# sourced; the script's trap calls stop_server.
server=
pg_bin=$(find /usr/lib/postgresql/*/bin -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1)
as_nobody() { # PostgreSQL refuses root
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi
}
stop_server() {
    [ -n "$server" ] || return 0
    as_nobody "$pg_bin/pg_ctl" -D "$server/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$server"
}
start_server() { # database...
    [ -n "$pg_bin" ] || { echo "no PostgreSQL server is installed (Debian: postgresql)"; return 1; }
    server=$(as_nobody mktemp -d /tmp/vgauge-pg-XXXXXX) &&
        as_nobody "$pg_bin/initdb" -D "$server/data" -A trust -U vg -E UTF8 --no-sync &&
        as_nobody "$pg_bin/pg_ctl" -w -D "$server/data" -l "$server/log" \
            -o "-c listen_addresses= -c unix_socket_directories=$server -c fsync=off" start || return 1
    local database
    for database in "$@"; do psql -q -h "$server" -U vg -d postgres -c "CREATE DATABASE $database" || return 1; done
}
