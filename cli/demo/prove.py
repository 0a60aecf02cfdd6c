"""Prove: a number down to its entries and records, the chain, one byte changed in a copy, and a tail cut off."""

import asyncio
from typing import Any

from cli.demo.carry_out import CarriedOut, outcomes
from cli.demo.stage import DemoFailed, Stage
from cli.report.model import Entry, Ledger, Proof
from services.funding.domain.chain import Anchor
from services.funding.verify import check

SEAL_SECONDS = 60
ASK_AGAIN_SECONDS = 0.5
SHOWN = 6
ACCEPTED = "memo/accepted/"


async def prove(stage: Stage, done: CarriedOut) -> tuple[Ledger, Proof | None]:
    """The state of the books, and the proof; no proof when nothing was accepted."""
    verdict = await sealed(stage)
    ledger = Ledger(
        journal_entries=verdict["entries"] + verdict["unsealed"],
        imbalance_cents=verdict["imbalanceCents"],
        imbalance_minutes=verdict["imbalanceMinutes"],
        chain="verified" if verdict["ok"] else "broken",
        batches=verdict["batches"],
        unsealed=verdict["unsealed"],
    )
    accounts = await stage.office.get("funding", f"/v1/ledger/accounts?prefix={ACCEPTED}")
    accounts = [each for each in accounts if each["cents"]]
    if not accounts:
        return ledger, None
    traced = min(accounts, key=lambda each: (each["postings"], each["account"]))
    return ledger, await _trace(stage, done, traced, verdict)


async def sealed(stage: Stage) -> dict[str, Any]:
    """The verdict on the books once every entry is sealed. Raises DemoFailed when that takes too long."""
    until = asyncio.get_running_loop().time() + SEAL_SECONDS
    while True:
        verdict: dict[str, Any] = await stage.office.get("funding", "/v1/ledger/verification")
        if not verdict["unsealed"]:
            return verdict
        if asyncio.get_running_loop().time() > until:
            raise DemoFailed(f"After {SEAL_SECONDS} s {verdict['unsealed']} of the entries are still not sealed.")
        await asyncio.sleep(ASK_AGAIN_SECONDS)


async def _trace(stage: Stage, done: CarriedOut, account: dict[str, Any], verdict: dict[str, Any]) -> Proof:
    entries = await stage.office.every("funding", f"/v1/ledger/entries?account={account['account']}")
    records = {
        receipt.says["contributionId"]: f"{sent.sender} {receipt.says['id']}"
        for sent, receipt in outcomes(done)
        if receipt.outcome == "booked" and receipt.says.get("contributionId")
    }
    shown = [_entry(each, account["account"], records) for each in entries]
    lines = (await stage.office.text("funding", "/v1/ledger/export")).splitlines()
    whole, _ = await asyncio.to_thread(check, lines)
    if whole.broken is not None:
        raise DemoFailed(f"The exported books do not verify: {whole.broken.why}")
    wanted = entries[0]["id"]
    before, after, found = await asyncio.to_thread(_change_one_byte, lines, wanted)
    line = account["account"].removeprefix(ACCEPTED)
    programme = stage.region.programme
    titles = {each.code: each.title for each in programme.spearheads}
    titles |= {each.code: each.title for each in programme.locations}
    stage.say("prove", f"{len(entries)} entries add up to the number; one byte changed is found")
    return Proof(
        number=f"Accepted for {titles.get(line, line)}",
        cents=account["cents"],
        contributions=len({each["subjectId"] for each in entries}),
        entries=tuple(shown[:SHOWN]),
        entries_sum_cents=sum(each.cents for each in shown),
        head=verdict["head"],
        seal_count=verdict["entries"],
        key=_key(lines),
        changed_from=before,
        changed_to=after,
        changed_found=found,
        cut_found=await asyncio.to_thread(_cut_the_tail, lines, verdict),
    )


def _entry(found: dict[str, Any], account: str, records: dict[str, str]) -> Entry:
    mine = [each for each in found["postings"] if each["account"] == account]
    return Entry(
        id=found["id"],
        day=found["day"],
        kind=found["kind"],
        reason=found["reason"],
        account=account,
        cents=sum(each["cents"] for each in mine),
        minutes=sum(each["minutes"] for each in mine),
        batch=found.get("batch"),
        record=records.get(found["subjectId"], "a lesson that the school confirmed"),
    )


def _change_one_byte(lines: list[str], entry: str) -> tuple[str, str, str]:
    """One digit changed in a copy of the books: what stood there, what stands there now, what the verifier says."""
    number = next(place for place, line in enumerate(lines) if f'"id":"{entry}"' in line.replace('": "', '":"'))
    line = lines[number]
    begin = line.index('"postings"')
    digit = next(place for place in range(begin, len(line)) if line[place] in "12345678")
    changed = line[:digit] + str(int(line[digit]) + 1) + line[digit + 1 :]
    broken = check([*lines[:number], changed, *lines[number + 1 :]])[0].broken
    until = line.index("]]", begin) + 2 if "]]" in line[begin:] else begin + 120
    found = f"Batch {broken.batch}, entry {broken.entry}: {broken.why}." if broken else ""
    return line[begin:until], changed[begin:until], found


def _cut_the_tail(lines: list[str], verdict: dict[str, Any]) -> str:
    """The same copy without its last batch, held against a seal that somebody kept."""
    last = max(place for place, line in enumerate(lines) if '"type":"seal"' in line.replace('": "', '":"'))
    broken = check(lines[:last], [Anchor(verdict["entries"], verdict["head"])])[0].broken
    return f"{broken.why[0].upper()}{broken.why[1:]}." if broken else ""


def _key(lines: list[str]) -> str:
    marker = '"keyId":"'
    line = next((line.replace('": "', '":"') for line in lines if marker in line.replace('": "', '":"')), "")
    return line.partition(marker)[2].partition('"')[0]
