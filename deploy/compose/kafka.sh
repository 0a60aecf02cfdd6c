#!/bin/bash
# Puts the broker's settings together, formats its storage the first time with the users that come before all others
# (from a file: everybody sees a command line), and starts it.
set -euo pipefail
umask 077
settings=/tmp/server.properties
cat /etc/speerpunt/broker.properties /etc/speerpunt/kafka.properties /run/secrets/kafka.passwords.properties >"$settings"
echo "advertised.listeners=CLIENT://kafka:9092,OUTSIDE://$KAFKA_OUTSIDE,CONTROLLER://localhost:9095" >>"$settings"
if [ ! -e /var/lib/kafka/data/meta.properties ]; then
    printf '%s\n' format -t "$(cat /run/secrets/kafka.cluster-id)" -c "$settings" >/tmp/format
    cat /run/secrets/kafka.format >>/tmp/format
    /opt/kafka/bin/kafka-storage.sh @/tmp/format
    rm /tmp/format
fi
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
