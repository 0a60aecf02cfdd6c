"""Sends records to a region over Kafka and tells what became of each: `python send.py acme.properties records.jsonl`.

The first file is what the programme office gave you, the second has one record a line. It needs `confluent-kafka`.
Run it again whenever you are not sure: what was booked already comes back as a duplicate and counts once.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer

PATIENCE_SECONDS = 60
BATCH_BYTES = 16_384
"""The broker takes at most 64 KB at once from a company, and this client would send up to 1 MB."""
OURS = {"intake.topic", "receipts.topic", "group.id"}
"""Settings that are no options of the client."""


def settings_in(file: Path) -> dict[str, str]:
    """The name=value lines of the settings file."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def send(settings: dict[str, str], records: list[dict[str, Any]]) -> None:
    """Hands all records to Kafka; raises when it did not take one."""
    connection = {name: value for name, value in settings.items() if name not in OURS}
    producer = Producer({**connection, "acks": "all", "enable.idempotence": True, "batch.size": BATCH_BYTES})
    failed: list[Any] = []

    def taken(error: Any, message: Any) -> None:
        if error:
            failed.append(error)

    for record in records:
        producer.produce(settings["intake.topic"], json.dumps(record).encode(), key=record["id"], callback=taken)
        producer.poll(0)
    left = producer.flush(PATIENCE_SECONDS)
    if failed or left:
        raise KafkaException(failed[0] if failed else f"{left} records were not taken; send them again, unchanged")


def receipts(settings: dict[str, str], wanted: set[str]) -> Iterator[dict[str, Any]]:
    """The receipts of these records as they come, each remembered as read once it was handled."""
    connection = {name: value for name, value in settings.items() if name not in OURS}
    options = {"group.id": settings["group.id"], "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({**connection, **options})
    consumer.subscribe([settings["receipts.topic"]])
    until = time.monotonic() + PATIENCE_SECONDS
    try:
        while wanted and time.monotonic() < until:
            message = consumer.poll(1.0)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            receipt = json.loads(message.value() or b"{}")
            if receipt["id"] in wanted:
                wanted.discard(receipt["id"])
                yield receipt
            consumer.commit(message=message, asynchronous=False)
    finally:
        consumer.close()


def main() -> int:
    """0 when every record counts; 1 when one was refused or has no receipt yet."""
    settings = settings_in(Path(sys.argv[1]))
    lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines if line.strip()]
    send(settings, records)
    missing, refused = {record["id"] for record in records}, 0
    for receipt in receipts(settings, missing):
        reasons = " ".join(reason["message"]["en"] for reason in receipt.get("reasons", ()))
        print(receipt["id"], receipt["outcome"], reasons)
        refused += receipt["outcome"] == "refused"
    for each in sorted(missing):
        print(each, "has no receipt yet; send it again, unchanged")
    return 1 if refused or missing else 0


if __name__ == "__main__":
    sys.exit(main())
