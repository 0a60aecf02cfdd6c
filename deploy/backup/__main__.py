"""`python -m deploy.backup make FOLDER | restore FOLDER`: the state of an installation, and back.

A backup is of a moment at which nothing was on its way between services, and says so; while an installation is busy
it is not made. Kafka is not copied: what a backup needs of it is where its topics ended. Secrets are not in it either.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from aiokafka.errors import KafkaError

from deploy.backup import dumps, positions
from deploy.backup.manifest import MANIFEST, file_of, read
from deploy.backup.place import CannotBackUp, Place
from services.funding import ledger

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.2
ATTEMPTS = 3

Say = Callable[[str], None]


async def make(place: Place, folder: Path, say: Say, patience_seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """Writes all databases and a manifest into a new folder; the manifest. Raises CannotBackUp."""
    if folder.exists() and any(folder.iterdir()):
        raise CannotBackUp(f"{folder} is not empty. Name a new folder for each backup.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(ATTEMPTS):
        if left := await _on_its_way(place, patience_seconds):
            raise CannotBackUp(f"Something is still on its way: {'; '.join(left)}. Try again when it is quiet.")
        before = await positions.ends(place)
        hashes = {
            service: await dumps.dump(url, folder / f"{service}.dump") for service, url in place.databases.items()
        }
        if before == await positions.ends(place) and not await _on_its_way(place, 0):
            break
        say("something happened meanwhile; once more")
    else:
        raise CannotBackUp(
            "Something kept happening. End the doors (roles http and grpc) for a minute, or try at night."
        )
    manifest: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "databases": {
            service: {
                "file": f"{service}.dump",
                "sha256": hashes[service],
                "bytes": (folder / f"{service}.dump").stat().st_size,
                "migrations": await dumps.migrations(url),
            }
            for service, url in place.databases.items()
        },
        "topics": before,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    size = sum(each["bytes"] for each in manifest["databases"].values())
    say(f"{folder}: {', '.join(place.databases)}; {size:,} bytes, of {manifest['at']}")
    return manifest


async def _on_its_way(place: Place, seconds: float) -> list[str]:
    """What is not published or not handled yet, after so long at most."""
    until = time.monotonic() + seconds
    while True:
        waiting = {service: await dumps.waiting(url) for service, url in place.databases.items()}
        found = [f"{service} has {count} facts to publish" for service, count in waiting.items() if count]
        found += await positions.behind(place, place.databases)
        if not found or time.monotonic() > until:
            return found
        await asyncio.sleep(LOOK_SECONDS)


async def restore(place: Place, folder: Path, say: Say, services: Sequence[str] = ()) -> bool:
    """Makes the databases as they were, puts Kafka's groups where they go on, and verifies the books; whether those are
    whole. No process of these services may run. Raises CannotBackUp.

    Of all services: facts published after the backup are of a time that did not happen, and are passed over. Of some:
    those hear again everything that the others told. Either way the intake is read from its beginning, and what was
    booked already is known by its inbox.
    """
    manifest = read(folder)
    chosen = list(services or manifest["databases"])
    if unknown := [each for each in chosen if each not in place.databases]:
        raise CannotBackUp(f"This installation has no {', '.join(unknown)}.")
    files = {service: file_of(folder, service) for service in chosen}
    for service, file in files.items():
        name = urlsplit(place.databases[service]).path.strip("/")
        owner, app = f"{service}_owner", f"{service}_app"
        await dumps.load(place.databases[service], file, name=name, owner=owner, app=app)
        say(f"{service}: as it was at {manifest['at']}")
    whole = set(chosen) == set(place.databases)
    for group, from_where in (await positions.place_groups(place, chosen, "end" if whole else "beginning")).items():
        say(f"{group}: goes on at the {from_where}")
    return await _verified(place, say) if "funding" in chosen else True


async def _verified(place: Place, say: Say) -> bool:
    url = place.databases["funding"]
    verdicts = await ledger.check(f"{url}{'&' if '?' in url else '?'}role=funding_app", (), ())  # as it sees a region
    for region, verdict in verdicts.items():
        say(ledger.told(region, verdict))
    return all(verdict.ok for verdict in verdicts.values())


def main(words: Sequence[str]) -> int:
    """The exit code: 0 done, 1 not done or the books are not whole."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("make", "restore"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--service", action="append", default=[], help="restore this service alone; again for more")
    options = parser.parse_args(words)

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        place = Place.found()
        if options.what == "make":
            asyncio.run(make(place, options.folder, say))
            return 0
        return 0 if asyncio.run(restore(place, options.folder, say, options.service)) else 1
    except CannotBackUp as error:
        print(error, file=sys.stderr)
    except (OSError, asyncpg.PostgresError, KafkaError) as error:
        print(f"The servers do not answer as they should ({type(error).__name__}: {error}).", file=sys.stderr)
    return 1


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main(sys.argv[1:]))
