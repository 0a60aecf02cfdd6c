"""Where every number of a report comes from: which postings of the sealed books add up to it, and how.

A number is a sum: of the cents or the minutes posted on these accounts, on these days, times a sign. That sentence is
data, so that the audit file's verifier can add up again without knowing what a report is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from services.funding.domain import ledger

FORM = "speerpunt.audit.v1"

Unit = Literal["cents", "minutes"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a report: its place (a JSON pointer), and the sum it is. An account ending in `/` stands for all
    accounts that begin so; `subject` narrows to what was booked for one thing."""

    pointer: str
    value: int
    unit: Unit
    accounts: tuple[str, ...]
    first: str
    last: str
    sign: int = 1
    subject: str | None = None

    def document(self) -> dict[str, Any]:
        """As the audit file has it."""
        return {
            "pointer": self.pointer,
            "value": self.value,
            "unit": self.unit,
            "accounts": list(self.accounts),
            "from": self.first,
            "until": self.last,
            "sign": self.sign,
            "subject": self.subject,
        }


ALWAYS = "0001-01-01"
WAITING = (ledger.DECLARED, ledger.VERIFIED)


def numbers(report: Mapping[str, Any], grant_id: UUID) -> list[Number]:
    """Every number of a report that is a sum of the books, in the order of the report."""
    return list(_numbers(report, grant_id))


def _numbers(report: Mapping[str, Any], grant_id: UUID) -> Iterator[Number]:
    last, began = report["until"], report["grant"]["from"]
    since = max(began, report["from"])
    cash = report["grant"]["receivedCents"]
    yield Number("/grant/receivedCents", cash, "cents", (ledger.CASH,), ALWAYS, last, 1, str(grant_id))
    total = report["cofinancing"]
    yield from _pair("/cofinancing/realised", total, (ledger.ACCEPTED,), began, last)
    yield from _pair("/cofinancing/declared", total, WAITING, began, last)
    for position, line in enumerate(report["lines"]):
        code, place = line["line"], f"/lines/{position}"
        given = (ledger.line(code), ledger.committed(code))
        yield Number(f"{place}/allocatedCents", line["allocatedCents"], "cents", given, ALWAYS, last, -1)
        yield Number(f"{place}/committedCents", line["committedCents"], "cents", given[1:], ALWAYS, last, -1)
        yield from _pair(f"{place}/realised", line, (ledger.accepted(code),), began, last)
        yield from _pair(f"{place}/realisedInPeriod", line, (ledger.accepted(code),), since, last)
        yield from _pair(f"{place}/declared", line, (ledger.declared(code), ledger.verified(code)), began, last)
    for position, year in enumerate(report["years"]):
        days = max(began, f"{year['year']:04}-01-01"), min(last, f"{year['year']:04}-12-31")
        yield from _pair(f"/years/{position}/realised", year, (ledger.ACCEPTED,), *days)


def _pair(place: str, part: Mapping[str, Any], accounts: tuple[str, ...], first: str, last: str) -> Iterator[Number]:
    name = place.rsplit("/", 1)[1]
    yield Number(f"{place}Cents", part[f"{name}Cents"], "cents", accounts, first, last)
    yield Number(f"{place}Minutes", part[f"{name}Minutes"], "minutes", accounts, first, last)
