"""`python -m cli.region FOLDER [--check]`: puts a region folder into what `make up` left running, or only reads it."""

import argparse
import asyncio
import sys
from pathlib import Path

import httpx2

from cli.portal import Portal, Refused, Running
from cli.region import Region, RegionUnusable, identities, read
from cli.region.load import Loaded, load
from deploy.embedded.folders import runs_folder
from deploy.embedded.problems import CannotStart
from deploy.embedded.up import running
from deploy.kafka.login import Login
from runtime import ids


def main() -> int:
    """0 when the folder is right, and loaded; else 1 with a sentence for everything that is wrong."""
    parser = argparse.ArgumentParser(prog="python -m cli.region", description="Puts a region folder into the services.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="only read the folder, and tell what is wrong in it")
    options = parser.parse_args()
    try:
        region = read(options.folder)
        if options.check:
            records = sum(len(lines) for lines in region.records.values())
            print(f"{options.folder} is right: {len(region.organisations)} organisations, {records} records.")
        else:
            stack = found()
            if stack is None:
                raise CannotStart("Nothing is running to load it into. Start it first: make up.")
            print(asyncio.run(load_into(region, stack)))
    except (RegionUnusable, CannotStart, Refused) as stopped:
        print(stopped, file=sys.stderr)
        return 1
    return 0


async def load_into(region: Region, stack: Running) -> Loaded:
    """Loads as the region's office, whose account is the first of the persons with that role."""
    tenant = ids.consortium_id(region.code)
    accounts = [account for person in region.persons if "office" in person.roles for account in person.accounts]
    if not accounts:
        raise RegionUnusable(f"{region.folder / 'region.yaml'}: persons: nobody with the role office has an account.")
    async with httpx2.AsyncClient(timeout=30) as client:
        office = await Portal.sign_in(client, stack, accounts[0], ["office"], tenant)
        operator = await Portal.sign_in(client, stack, "operator-1", ["operator"], tenant)
        done = await load(region, office, operator, stack.issuer)
    if users := await identities.admit(region, stack):
        done.by_step["Kafka users"] = users
    return done


def found() -> Running | None:
    """What `make up` left running here; None when there is nothing."""
    known = running(runs_folder() / "up.json")
    if known is None:
        return None
    admin = Login(known["kafka"], known["kafka_user"], known["kafka_password"])
    return Running(known["http"], known["issuer"], known["person_secret"], admin, Path(known["logs"]).parent)


if __name__ == "__main__":
    sys.exit(main())
