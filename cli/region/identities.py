"""The Kafka users of a region's senders, on a stack that runs here: their settings are in files next to it."""

from collections import Counter
from pathlib import Path

from cli.portal import Running
from cli.region.model import Region
from deploy.kafka import senders
from deploy.kafka.cluster import Cluster


async def admit(region: Region, stack: Running) -> Counter[str]:
    """A user for each sender that has none, and `senders/CODE.properties` in the run folder, which only we can read.

    Who else is given a password is told it once, on the screen; here it is for whoever tries things out.
    """
    done: Counter[str] = Counter()
    if stack.kafka is None or stack.folder is None:
        return done
    folder = stack.folder / "senders"
    folder.mkdir(mode=0o700, exist_ok=True)
    async with Cluster(stack.kafka) as cluster:
        for sender in region.senders:
            login = await senders.admit(cluster, sender.code)
            done["created" if login else "unchanged"] += 1
            if login:
                _write(folder / f"{sender.code}.properties", senders.settings_of(sender.code, login))
    return done


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
