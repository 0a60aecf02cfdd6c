"""Forms, rounds of them, what is filled in and what was signed, as rows."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Database, Tx
from services.funding.domain.answer import Answer, Signature
from services.funding.domain.capacity import Need
from services.funding.domain.pledge import Promised
from services.funding.domain.statement import Apart, Round, Statement
from services.funding.domain.terms import Term
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class Issued:
    """A form, the round it belongs to, whether it is filled in, and the codes of the pledges that answer it."""

    statement: Statement
    round: str | None
    filled: bool
    pledges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoundState:
    """A round, and how many forms it has, how many are filled in and how many signed."""

    round: Round
    forms: int
    filled: int
    signed: int


async def lock(tx: Tx, code: str) -> Statement | None:
    """The form with this code, locked."""
    row = await Q.lock_statement.row(tx, tx.consortium_id, code)
    return None if row is None else _statement(row, row["answered"])


async def lock_all(tx: Tx, only: Collection[UUID]) -> dict[UUID, Statement]:
    """The forms with these ids that are there, locked in order of id."""
    rows = await Q.lock_statements.rows(tx, tx.consortium_id, list(only))
    return {row["statement_id"]: _statement(row, row["answered"]) for row in rows}


async def save(tx: Tx, issued: Sequence[Statement]) -> int:
    """Keeps these forms; how many of which nobody issued the same version first."""
    rows = await Q.save_statements.rows(
        tx,
        tx.consortium_id,
        [each.id for each in issued],
        [each.code for each in issued],
        [each.organisation_id for each in issued],
        [each.title for each in issued],
        [each.deadline for each in issued],
        [each.from_ for each in issued],
        [each.until for each in issued],
        [json.dumps(lines_out(each.expected)) for each in issued],
        [json.dumps(each.remind_days) for each in issued],
        [each.round_id for each in issued],
        [each.version for each in issued],
    )
    return len(rows)


async def plan_reminders(tx: Tx, of: Mapping[UUID, Mapping[int, date]]) -> None:
    """These are the reminders of these forms that are still to come, and no others: days before, and the day."""
    await Q.forget_reminders.execute(tx, tx.consortium_id, list(of))
    rows = [(form, *each) for form, days in of.items() for each in days.items()]
    await Q.plan_reminders.execute(
        tx, tx.consortium_id, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    )


async def take_reminders(tx: Tx, statement_id: UUID, day: date) -> list[int]:
    """The reminders of a form that are due on a day, as days before, the last first; they are taken out of the list."""
    rows = await Q.take_reminders.rows(tx, tx.consortium_id, statement_id, day)
    return [row["days_before"] for row in rows]


async def reminders_due(database: Database, day: date) -> list[tuple[UUID, UUID]]:
    """Region and id of the forms that have a reminder of a day up to this one."""
    rows = await Q.reminders_due.rows(database.pool, day)
    return [(row["consortium_id"], row["statement_id"]) for row in rows]


async def statements(
    tx: Tx,
    *,
    after: str = "",
    organisations: Collection[UUID] | None = None,
    round_code: str | None = None,
    code: str | None = None,
    limit: int,
) -> list[Issued]:
    """Forms in order of code: of these organisations, of one round or with one code when given."""
    own = None if organisations is None else list(organisations)
    rows = await Q.statements.rows(tx, tx.consortium_id, after, own, round_code, code, limit)
    return [
        Issued(
            _statement(row, bool(row["pledges"])),
            row["round"],
            row["answer_version"] is not None,
            tuple(row["pledges"]),
        )
        for row in rows
    ]


async def lock_round(tx: Tx, round_id: UUID, code: str) -> Round | None:
    """The round with this code, locked for whoever issues it; None when it is new and this one's to issue."""
    await Q.open_round.execute(tx, tx.consortium_id, round_id, code)
    row = await Q.lock_round.row(tx, tx.consortium_id, round_id)
    return _round(row) if row is not None and row["version"] else None


async def save_round(tx: Tx, after: Round) -> None:
    """Keeps a round that the caller holds."""
    apart = [
        {
            "organisation": each.organisation,
            "leftOut": each.left_out,
            "deadline": each.deadline.isoformat() if each.deadline else None,
            "expected": None if each.expected is None else lines_out(each.expected),
        }
        for each in after.exceptions
    ]
    await Q.save_round.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.title,
        after.deadline,
        list(after.audiences),
        list(after.kinds),
        after.from_,
        after.until,
        json.dumps(lines_out(after.expected)),
        list(after.remind_days),
        json.dumps(apart),
        after.version,
    )


async def rounds(tx: Tx, *, after: str = "", code: str | None = None, limit: int) -> list[RoundState]:
    """Rounds in order of code, or the one with this code, with how far they are."""
    rows = await Q.statement_rounds.rows(tx, tx.consortium_id, after, code, limit)
    return [RoundState(_round(row), row["forms"], row["filled"], row["signed"]) for row in rows]


async def answer(tx: Tx, statement_id: UUID) -> Answer | None:
    """What is filled in on a form."""
    row = await Q.statement_answer.row(tx, tx.consortium_id, statement_id)
    if row is None:
        return None
    return Answer(
        row["statement_id"],
        lines_in(json.loads(row["lines"])),
        row["form_version"],
        row["filled_by"],
        row["filled_at"],
        row["via"],
        row["version"],
    )


async def save_answer(tx: Tx, after: Answer) -> None:
    """Keeps what is filled in on a form that the caller holds."""
    await Q.save_answer.execute(
        tx,
        tx.consortium_id,
        after.statement_id,
        json.dumps(lines_out(after.lines)),
        after.form_version,
        after.filled_by,
        after.filled_at,
        after.via,
        after.version,
    )


async def signatures(tx: Tx, statement_id: UUID) -> list[Signature]:
    """Who signed a form, in order."""
    names = tuple(Signature.__dataclass_fields__)
    rows = await Q.statement_signatures.rows(tx, tx.consortium_id, statement_id)
    return [Signature(*(row[name] for name in names)) for row in rows]


async def add_signature(tx: Tx, made: Signature) -> None:
    await Q.insert_signature.execute(
        tx, tx.consortium_id, *(getattr(made, name) for name in Signature.__dataclass_fields__)
    )


async def needs(tx: Tx, line: str | None = None) -> list[tuple[str, tuple[Need, ...], int]]:
    """What is needed: line, minutes by term, and version; of one line when given."""
    return [
        (
            row["line"],
            tuple(
                Need(row["line"], Term(each["year"], each["term"]), each["minutes"])
                for each in json.loads(row["terms"])
            ),
            row["version"],
        )
        for row in await Q.capacity_needs.rows(tx, tx.consortium_id, line)
    ]


async def save_needs(tx: Tx, line: str, wanted: Iterable[Need]) -> int | None:
    """Keeps what is needed for a line; its version, or None when nothing changed."""
    terms = [
        {"year": each.term.year, "term": each.term.number, "minutes": each.minutes}
        for each in sorted(wanted, key=lambda each: each.term)
    ]
    version: int | None = await Q.save_capacity_need.value(tx, tx.consortium_id, line, json.dumps(terms))
    return version


def lines_out(lines: Iterable[Promised]) -> list[dict[str, Any]]:
    """Lines of a form as they are kept."""
    return [
        {
            "line": each.line,
            "minutes": each.minutes,
            "materialCents": each.material_cents,
            "facilitiesCents": each.facilities_cents,
            "cashCents": each.cash_cents,
            "year": each.term.year if each.term else None,
            "term": each.term.number if each.term else None,
        }
        for each in lines
    ]


def lines_in(kept: Iterable[Mapping[str, Any]]) -> tuple[Promised, ...]:
    """The same, read back."""
    return tuple(
        Promised(
            each["line"],
            each["minutes"],
            each["materialCents"],
            each["facilitiesCents"],
            each["cashCents"],
            Term(each["year"], each["term"]) if each["year"] else None,
        )
        for each in kept
    )


def _statement(row: Record, answered: bool) -> Statement:
    return Statement(
        row["statement_id"],
        row["code"],
        row["organisation_id"],
        row["title"],
        row["deadline"],
        row["from_day"],
        row["until_day"],
        lines_in(json.loads(row["expected"])),
        tuple(row["remind_days"]),
        row["round_id"],
        answered,
        row["version"],
    )


def _round(row: Record) -> Round:
    return Round(
        row["round_id"],
        row["code"],
        row["title"],
        row["deadline"],
        tuple(row["audiences"]),
        tuple(row["kinds"]),
        row["from_day"],
        row["until_day"],
        lines_in(json.loads(row["expected"])),
        tuple(row["remind_days"]),
        tuple(_exception(each) for each in json.loads(row["exceptions"])),
        row["version"],
    )


def _exception(kept: Mapping[str, Any]) -> Apart:
    return Apart(
        kept["organisation"],
        kept["leftOut"],
        date.fromisoformat(kept["deadline"]) if kept["deadline"] else None,
        None if kept["expected"] is None else lines_in(kept["expected"]),
    )
