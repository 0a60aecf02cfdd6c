#!/bin/bash
# Keycloak takes passwords from its environment only: they are read here, where nobody outside sees them. `healthy`
# asks whether it is ready, with what the image has.
set -euo pipefail
if [ "${1:-}" = healthy ]; then
    exec 3<>/dev/tcp/localhost/9000
    printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3
    read -r answer <&3
    [[ $answer == *" 200 "* ]]
    exit
fi
export KC_DB_PASSWORD KC_BOOTSTRAP_ADMIN_PASSWORD
KC_DB_PASSWORD=$(</run/secrets/keycloak-database.password)
KC_BOOTSTRAP_ADMIN_PASSWORD=$(</run/secrets/keycloak-admin.password)
exec /opt/keycloak/bin/kc.sh start --import-realm
