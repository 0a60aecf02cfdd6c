#!/bin/bash
# PostgreSQL takes its key only from a file that is its own user's; then the image's own start.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
    cp /run/secrets/postgres.key /run/own/postgres.key
    chown postgres /run/own/postgres.key
    chmod 0600 /run/own/postgres.key
fi
exec docker-entrypoint.sh "$@"
