"""The books of the country: accepted, reported and checked, region by region, by asking the services."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from bench.national.loading import PERIOD, desk, side_by_side
from bench.national.world import LAST, RegionMade
from cli.portal import Portal
from deploy.embedded.supervisor import Stack

AT_ONCE = 4
SEAL_SECONDS = 600
ASK_AGAIN_SECONDS = 0.5
REPORT = "final"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Books:
    """What one region's services say in the end. `verdict` is the answer of /v1/ledger/verification."""

    made: RegionMade
    position: Mapping[str, Any]
    accounts: Sequence[Mapping[str, Any]]
    report: Mapping[str, Any]
    reproduced: bool
    signed_off: bool
    verdict: Mapping[str, Any]

    def wrong(self) -> Iterator[str]:
        """A sentence for everything that does not hold."""
        where, due, verdict = self.made.code, self.made.due, self.verdict
        realised = (self.position["realisedCents"], self.position["realisedMinutes"])
        if realised != (due.cents, due.minutes):
            yield f"{where}: realised are {realised} cents and minutes, the records come to {due.cents}, {due.minutes}."
        memo = [each for each in self.accounts if each["account"].startswith("memo/accepted/")]
        booked = (sum(each["cents"] for each in memo), sum(each["minutes"] for each in memo))
        if booked != realised:
            yield f"{where}: the accounts of what was accepted hold {booked}, and the position says {realised}."
        for unit in ("cents", "minutes"):
            if rest := sum(each[unit] for each in self.accounts):
                yield f"{where}: the accounts do not sum to zero but to {rest} {unit}."
        required = max(each["requiredCents"] for each in self.position["readings"])
        if required != self.made.required_cents:
            yield f"{where}: required are {required} cents, reckoned {self.made.required_cents}."
        if not verdict["ok"] or verdict["unsealed"] or verdict["wrongBalances"]:
            yield f"{where}: the books do not verify: {verdict}."
        if verdict["imbalanceCents"] or verdict["imbalanceMinutes"]:
            yield f"{where}: debit and credit are {verdict['imbalanceCents']} cents apart."
        reported = self.report["content"]["cofinancing"]["realisedCents"]
        if reported != due.cents:
            yield f"{where}: the report has {reported} cents realised, reckoned {due.cents}."
        if not self.reproduced:
            yield f"{where}: the report made again reads otherwise."
        if not self.signed_off:
            yield f"{where}: the report could not be signed off."


async def accept(client: httpx2.AsyncClient, stack: Stack, regions: Sequence[RegionMade], say: Progress) -> int:
    """A second person in every region accepts everything; how many contributions that were."""
    done = 0

    async def one(made: RegionMade) -> None:
        nonlocal done
        controller = (await desk(client, stack, made)).controller
        up_to = {"upTo": LAST.isoformat()}
        accepted = await controller.post("funding", "/v1/contribution-acceptances", up_to)
        done += accepted["accepted"]
        say(f"{done} contributions accepted")

    await side_by_side((one(each) for each in regions), AT_ONCE)
    return done


async def report(client: httpx2.AsyncClient, stack: Stack, regions: Sequence[RegionMade], say: Progress) -> list[Books]:
    """Every region's position, and its report: made, signed off by another person, and made again to compare."""
    done: list[Books] = []

    async def one(made: RegionMade) -> Books:
        acting = await desk(client, stack, made)
        office = acting.office
        verdict = await _verified(office)
        position = await office.get("funding", f"/v1/positions/programme?asOf={LAST}")
        today = datetime.now(UTC).date().isoformat()
        wanted = {"grant": "grant", **PERIOD, "knownOn": today}
        made_report = await office.put("funding", f"/v1/progress-reports/{REPORT}", wanted)
        path = f"/v1/progress-reports/{REPORT}"
        signed = await acting.controller.post("funding", f"{path}/sign-offs", {"sha256": made_report["sha256"]})
        again = await office.get("funding", f"{path}/reproduction")
        accounts = await office.get("funding", "/v1/ledger/accounts")
        same = signed["sha256"] == made_report["sha256"]
        done.append(Books(made, position, accounts, made_report, again["same"], same, verdict))
        say(f"{len(done)} regions reported and verified")
        return done[-1]

    return await side_by_side((one(each) for each in regions), AT_ONCE)


async def _verified(office: Portal) -> Any:
    """The verdict on a region's books, once every entry is sealed or ten minutes are over."""
    until = asyncio.get_running_loop().time() + SEAL_SECONDS
    while True:
        verdict = await office.get("funding", "/v1/ledger/verification")
        if not verdict["unsealed"] or asyncio.get_running_loop().time() > until:
            return verdict
        await asyncio.sleep(ASK_AGAIN_SECONDS)
