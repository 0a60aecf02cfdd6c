"""What must hold in a report, checked on its own figures; the demo fails with a sentence when something does not."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from cli.report.later import Accounted, Asked, Calendar, Determination, Later, Spent, TakenAway
from cli.report.model import Claim, Report


def check(report: Report, expected: Mapping[str, Any] | None = None) -> tuple[Claim, ...]:
    """Every claim with the figures it was checked on. `expected` is what the region folder says must come out."""
    first = (*_money(report), *_records(report), *_books(report), *_others(report))
    return (*first, *_later(report.later), *_as_expected(report, expected))


def _money(report: Report) -> Iterator[Claim]:
    lines = sum(line.cents for line in report.allocation)
    if report.money is not None:
        yield Claim(
            sentence="The lines and what is unallocated sum to the grant.",
            holds=lines == report.grant_cents,
            because=f"{lines} and {report.grant_cents} cents",
        )
        yield Claim(
            sentence="Nobody approves an own proposal, also not with a second account.",
            holds=bool(report.money.four_eyes),
            because="refused" if report.money.four_eyes else "it was allowed",
        )
        if report.money.what_if is not None:
            other = sum(line.cents for line in report.money.what_if.lines)
            yield Claim(
                sentence="Other weights sum to the grant as well.",
                holds=other == report.grant_cents,
                because=f"{other} cents",
            )
    if report.agreement is not None:
        signed, parties = report.agreement.signed, report.agreement.parties
        yield Claim(
            sentence="The agreement is in force, signed by all that count.",
            holds=signed == parties and report.agreement.in_force_since is not None,
            because=f"{signed} of {parties}",
        )


def _records(report: Report) -> Iterator[Claim]:
    found = report.contributions
    if not found.published:
        return
    refused = sum(found.refused.values())
    together = found.accepted + found.held + found.duplicates + refused
    yield Claim(
        sentence="Each published record ended as exactly one thing.",
        holds=found.published == together,
        because=f"{found.published} and {found.accepted} accepted + {found.held} held + {found.duplicates} duplicates"
        f" + {refused} refused",
    )
    if report.broken is not None:
        broken = report.broken
        yield Claim(
            sentence="A kill -9 in mid-stream loses nothing and doubles nothing.",
            holds=broken.lost == broken.doubled == 0 and broken.answered_once == broken.records,
            because=f"{broken.answered_once} of {broken.records} answered once",
        )
    if report.spreadsheet is not None and report.cofinancing is not None:
        sheet, realised = report.spreadsheet, report.cofinancing.realised_cents
        explained = sheet.naive_cents + sum(cause.cents for cause in sheet.causes)
        yield Claim(
            sentence="The sheet's sum, less every cause, is what the ledger says is realised.",
            holds=explained == sheet.provable_cents == realised,
            because=f"{explained}, {sheet.provable_cents} and {realised} cents",
        )


def _books(report: Report) -> Iterator[Claim]:
    ledger = report.ledger
    yield Claim(
        sentence="Debits equal credits in cents and minutes.",
        holds=ledger.imbalance_cents == ledger.imbalance_minutes == 0,
        because=f"{ledger.imbalance_cents} cents and {ledger.imbalance_minutes} minutes apart",
    )
    yield Claim(
        sentence="Every entry is sealed and the chain verifies.",
        holds=ledger.chain == "verified" and ledger.unsealed == 0,
        because=f"{ledger.chain}, {ledger.unsealed} unsealed",
    )
    proof = report.proof
    if proof is not None:
        yield Claim(
            sentence="A number of the report is the sum of its entries.",
            holds=proof.cents == proof.entries_sum_cents,
            because=f"{proof.cents} and {proof.entries_sum_cents} cents",
        )
        yield Claim(
            sentence="One changed byte is found, and so is a tail that was cut.",
            holds=bool(proof.changed_found) and bool(proof.cut_found),
            because=proof.changed_found or "not found",
        )


def _others(report: Report) -> Iterator[Claim]:
    lessons = report.activities
    if report.lesson is not None:
        yield Claim(
            sentence="A confirmed lesson is booked by itself, once.",
            holds=lessons.entries > 0 and report.lesson.accepted,
            because=f"{lessons.entries} lessons, {lessons.hours_booked_automatically_minutes} minutes",
        )
    if report.neighbour is not None:
        seen = sum(each.seen for each in report.neighbour.attempts)
        yield Claim(sentence="The neighbour sees nothing.", holds=seen == 0, because=f"{seen} seen")
    if report.planning is not None:
        off = [each for each in report.planning.milestones if each.state == "cancelled"]
        yield Claim(
            sentence="What was cancelled was told to everyone who was told of it, once.",
            holds=all(each.told_cancelled == each.told > 0 for each in off)
            and not any(each.told_twice for each in report.planning.milestones),
            because=", ".join(f"{each.told_cancelled} of {each.told}" for each in off) or "nothing was cancelled",
        )
    yield Claim(
        sentence="Loading the region twice changes nothing.",
        holds=set(report.loaded_again) <= {"unchanged"},
        because=", ".join(f"{count} {result}" for result, count in sorted(report.loaded_again.items())),
    )
    events = report.events
    yield Claim(
        sentence="Every consumer is up to date, and no message of ours failed.",
        holds=events.lag == 0 and events.dead_letters == 0,
        because=f"lag {events.lag}, {events.dead_letters} dead letters",
    )


def _later(later: Later | None) -> Iterator[Claim]:
    if later is None:
        return
    found = later.contributions
    together = found.accepted + found.held + found.duplicates + sum(found.refused.values())
    yield Claim(
        sentence="A year later: each record ended as exactly one thing, and what is realised is what the ledger holds.",
        holds=found.published == together and later.realised_cents == later.booked_cents,
        because=f"{found.published} and {together} records, {later.realised_cents} and {later.booked_cents} cents",
    )
    if later.lowered is not None:
        before, after = later.lowered.before, later.lowered.after
        yield Claim(
            sentence="What was known before the percentage changed is still answered as it was known.",
            holds=before == later.lowered.again and before.required_cents != after.required_cents,
            because=f"{before.basis_points} basis points on {before.known_on}, {after.basis_points} the day after",
        )
    yield from _asked(later.asked)
    if later.closing is not None:
        closed = later.closing
        yield Claim(
            sentence="What comes for a closed period changes nothing in it.",
            holds=closed.before_cents == closed.after_cents,
            because=f"{closed.before_cents} and {closed.after_cents} cents, {closed.late.published} records came late",
        )
    if later.moved is not None:
        moved = later.moved
        yield Claim(
            sentence="Money moved between lines is approved by another person, and no cent comes or goes.",
            holds=bool(moved.own_approval) and moved.together_before_cents == moved.together_after_cents,
            because=moved.own_approval or "it was allowed",
        )
    yield from _spent(later.money, later.closing.until if later.closing else None)
    yield from _accounted(later.report, later.realised_cents)
    yield from _handed_in(later.calendar, later.taken)
    yield from _determined(later.determination)
    yield Claim(
        sentence="After the year the books balance, every entry is sealed and the chain verifies.",
        holds=later.chain == "verified" and later.imbalance_cents == later.imbalance_minutes == 0,
        because=f"{later.journal_entries} entries, {later.chain}",
    )


def _asked(asked: Asked | None) -> Iterator[Claim]:
    if asked is None:
        return
    filled = (asked.filled_minutes, asked.filled_cents)
    yield Claim(
        sentence="A form reaches everybody once, and nothing of a sheet with a bad cell is kept.",
        holds=asked.reached > 0 and asked.again == 0 and bool(asked.mistyped) and not asked.kept_before,
        because=asked.mistyped or "it was taken",
    )
    yield Claim(
        sentence="What is pledged is what stands in the sheet, signed under the hash of what was read.",
        holds=filled == (asked.pledged_minutes, asked.pledged_cents) and bool(asked.altered) and asked.signed == 1,
        because=f"{filled} filled in, {(asked.pledged_minutes, asked.pledged_cents)} pledged",
    )


def _handed_in(calendar: Calendar | None, taken: TakenAway | None) -> Iterator[Claim]:
    if calendar is not None:
        moved = calendar.moved
        yield Claim(
            sentence="A date that the report fulfils is done, and one that moved still stands where it stood before.",
            holds=calendar.state == "completed" and (moved is None or moved.known_before == moved.from_day),
            because=f"{calendar.done} is {calendar.state}"
            + (f", {moved.title} was {moved.known_before}" if moved else ""),
        )
    if taken is not None:
        yield Claim(
            sentence="A sheet taken away adds up to what the ledger holds, and names the seal it rests on.",
            holds=taken.accepted_cents == taken.booked_cents and taken.anchor == taken.sealed,
            because=f"{taken.accepted_cents} and {taken.booked_cents} cents in {taken.rows} rows",
        )


def _spent(money: Spent | None, closed: date | None) -> Iterator[Claim]:
    if money is None:
        return
    spoken_for = money.line_committed_cents + money.line_claimed_cents
    yield Claim(
        sentence="A refused claim takes nothing of its commitment, and no line gives more than it has.",
        holds=money.left_cents == money.committed_cents - money.paid_cents
        and spoken_for <= money.allocated_cents
        and bool(money.too_much),
        because=f"{money.left_cents} cents left of {money.committed_cents}, {spoken_for} of {money.allocated_cents}",
    )
    if money.paid_day is not None and closed is not None:
        yield Claim(
            sentence="A payment is never booked in a period that is closed.",
            holds=money.paid_day > closed,
            because=money.paid_says,
        )


def _accounted(report: Accounted | None, realised_cents: int) -> Iterator[Claim]:
    if report is None:
        return
    yield Claim(
        sentence="Nobody signs off an own report, and what was signed is what was made.",
        holds=bool(report.own_sign_off)
        and report.signed_sha256 == report.sha256
        and report.realised_cents == realised_cents,
        because=report.own_sign_off or "it was allowed",
    )
    yield Claim(
        sentence="The audit file verifies with Python alone, and one changed digit in it is found.",
        holds=report.file_whole and report.changed_found,
        because=report.changed_says or "not found",
    )
    yield Claim(
        sentence="The report made again after the determination is the same, byte for byte.",
        holds=report.reproduced,
        because=report.sha256[:16],
    )


def _determined(made: Determination | None) -> Iterator[Claim]:
    if made is None:
        return
    yield Claim(
        sentence="Nothing is determined while the base is undecided, nor by one person alone, nor added to afterwards.",
        holds=bool(made.undecided) and bool(made.own_approval) and bool(made.after) and len(made.options) > 1,
        because=made.own_approval or "it was allowed",
    )
    yield Claim(
        sentence="Received, less what is reclaimed, with what is still due, is what was determined.",
        holds=made.received_cents - made.reclaimed_cents + made.payable_cents == made.determined_cents,
        because=f"{made.received_cents} - {made.reclaimed_cents} + {made.payable_cents} is {made.determined_cents}",
    )


def _as_expected(report: Report, expected: Mapping[str, Any] | None) -> Iterator[Claim]:
    """Held against a reckoning of the same files that shares no code with the services, under the report's names."""
    if expected is None:
        return
    wrong = list(_differences(expected, report.model_dump(mode="json"), ""))
    yield Claim(
        sentence="Every count and every cent is what a reckoning of the files alone comes to.",
        holds=not wrong,
        because="; ".join(wrong) or "expected.json",
    )


def _differences(expected: Any, found: Any, place: str) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in sorted(expected.keys() | (found.keys() if place.endswith("refused") else set())):
            yield from _differences(expected.get(name), found.get(name), f"{place}.{name}".lstrip("."))
    elif expected != found:
        yield f"{place} is {found}, reckoned {expected}"
