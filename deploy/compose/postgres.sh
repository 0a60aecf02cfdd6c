#!/bin/bash
# PostgreSQL takes its key only from a file that is its own user's, so it gets a copy; then the image's own start, over
# the network with TLS only, unless POSTGRES_TLS is `disable`.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
    cp /run/secrets/postgres.key /etc/speerpunt/pg_hba.conf /run/own/
    chown -R postgres /run/own
    chmod 0600 /run/own/postgres.key
fi
secured=(-c ssl=on -c ssl_min_protocol_version=TLSv1.3)
secured+=(-c ssl_cert_file=/run/secrets/postgres.crt -c ssl_key_file=/run/own/postgres.key)
if [ "${POSTGRES_TLS:-}" = disable ]; then
    sed -i 's/^hostssl/host   /' /run/own/pg_hba.conf
    secured=()
fi
exec docker-entrypoint.sh "$@" -c hba_file=/run/own/pg_hba.conf "${secured[@]}"
