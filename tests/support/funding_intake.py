"""Builders for the intake: regions that partners told of, senders with a mandate, and the records that they send."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from runtime import ids
from runtime.event import Context, receive, unpack
from runtime.postgres import Database
from services.funding.commands import contributions, intake
from services.funding.commands.contributions import Confirmed
from services.funding.commands.intake import Arrival, Question
from services.funding.commands.schemes import put_scheme
from services.funding.domain.contribution import Contribution, Lesson
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import read
from services.funding.domain.scheme import EligibleKinds, Rate, Rule, Supervision
from services.funding.events import ContributionReceipt
from services.funding.store import contributions as store
from services.funding.store import partners, senders
from services.funding.store.ledger import account_balances
from services.funding.store.partners import Organisation, Standing

START, END = date(2020, 1, 1), date(2023, 12, 31)
AT = datetime(2023, 6, 1, 10, tzinfo=UTC)
KEYS = Fingerprints(b"only for tests")
RULES = (
    Rule("kinds", EligibleKinds(("hours", "material", "loan", "pupil-presence")), START, START, "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), START, START, "the region"),
    Rule("rate-presence", Rate("pupil-presence", 5_000), START, START, "the region"),
    Rule("quarter", Supervision(2_500), START, START, "one vendor's word", flagged=True),
)
_deliveries = count()


def a_record(id: str = "1", **changes: Any) -> dict[str, Any]:
    """Two hours and a quarter of one worker; a change to None leaves the field out."""
    record = {
        "id": id,
        "consortium": "sto-test",
        "organisation": "acme",
        "line": "robotisering",
        "day": "2023-05-02",
        "kind": "hours",
        "minutes": 135,
        "workerRef": f"w-{id}",
        **changes,
    }
    return {name: value for name, value in record.items() if value is not None}


def material(id: str = "1", **changes: Any) -> dict[str, Any]:
    """Material for EUR 1,250."""
    kind = {"kind": "material", "amountCents": 125_000, "basis": "invoice", "minutes": None, "workerRef": None}
    return a_record(id, **{**kind, **changes})


def evidence(letter: str = "a") -> list[dict[str, str]]:
    return [{"type": "invoice", "sha256": letter * 64, "keptAt": "archive/1"}]


def an_arrival(record: dict[str, Any] | bytes, sender: str = "acme", origin: str = "intake") -> Arrival:
    """A record as it comes in, each time as a delivery of its own."""
    body = record if isinstance(record, bytes) else json.dumps(record).encode()
    number = next(_deliveries)
    event = receive(f"intake.contributions.{sender}", 0, number, 1_000 + number, None, body, [], raw=True)
    context = Context(ids.new_id())
    return Arrival(sender, read(body, unpack(event)), event.record, origin, event.timestamp, context)


class Owner:
    """Partners as the intake sees it: what it says is kept for the test to look at. `away`: it does not answer."""

    def __init__(self, answers: Mapping[Question, bool] | None = None, away: Exception | None = None) -> None:
        self.answers = dict(answers or {})
        self.away = away
        self.asked: list[Question] = []

    async def stand(
        self, questions: Collection[Question], pledged: Collection[Question] = ()
    ) -> Mapping[Question, bool]:
        self.asked += sorted(questions)
        if self.away is not None:
            raise self.away
        return {question: self.answers.get(question, False) for question in questions}


@dataclass
class Books:
    """One region in a database of the test's own."""

    database: Database
    code: str = "sto-test"
    owner: Owner = field(default_factory=Owner)

    @property
    def id(self) -> UUID:
        return ids.consortium_id(self.code)

    def organisation(self, code: str) -> UUID:
        return ids.coded_id(self.id, "organisation", code)

    async def found(
        self, *companies: str, sender: str = "acme", lines: tuple[str, ...] = ("robotisering", "metaal")
    ) -> "Books":
        """Makes the region known, with companies that take part, and a sender that may declare for them."""
        async with self.database.transaction(self.id, Context(actor="test")) as tx:
            await partners.save_consortium(tx, self.code, "Europe/Amsterdam", "EUR", "nl", 1)
            planned = [(line, "spearhead", line.title(), True) for line in lines]
            await partners.save_programme(tx, UUID(int=1), "2020", START, END, planned, 1)
            await put_scheme(tx, "sto", "The scheme", RULES, at=AT)
            await senders.put(tx, senders.Sender(sender, sender.title()))
            for number, company in enumerate(companies or ("acme",)):
                organisation = self.organisation(company)
                numbers = {"kvk": f"1234567{number}"}
                await partners.save_organisation(
                    tx, Organisation(organisation, company, company.title(), "company", numbers), 1
                )
                await senders.put_mandate(tx, sender, organisation, START, None)
                await partners.save_standing(
                    tx, organisation, [Standing(organisation, "party", START, None, True, None)], 1
                )
        return self

    async def no_standing(self, company: str = "acme") -> None:
        """The copy here knows of no ground on which the company takes part."""
        async with self.database.transaction(self.id) as tx:
            await partners.save_standing(tx, self.organisation(company), [], 2)

    async def send(
        self, *records: dict[str, Any] | bytes | Arrival, sender: str = "acme", at: datetime = AT
    ) -> list[ContributionReceipt]:
        """Sends records in one batch, as a door does it; the receipts."""
        arrivals = [each if isinstance(each, Arrival) else an_arrival(each, sender) for each in records]
        async with self.database.transaction(intake.regions(arrivals)) as tx:
            questions = await intake.questions(tx, arrivals, KEYS, at=at)
        answers = await self.owner.stand(questions) if questions else {}
        async with self.database.transaction(intake.regions(arrivals), Context(actor="test")) as tx:
            return await intake.take(tx, arrivals, answers, KEYS, at=at)

    async def confirm(self, **changes: Any) -> list[Contribution]:
        """The school confirms a lesson of acme: 2 h 15 on 2 May for robotisering."""
        lesson: dict[str, Any] = {
            "activity_id": UUID(int=77),
            "activity_ref": "lesson-1",
            "organisation_id": self.organisation("acme"),
            "line": "robotisering",
            "day": date(2023, 5, 2),
            "minutes": 135,
        }
        confirmed = Confirmed(self.id, Lesson(**{**lesson, **changes}), Context(ids.new_id()))
        async with self.database.transaction(self.id, Context(actor="test")) as tx:
            return await contributions.book_lessons(tx, [confirmed], at=AT)

    async def balances(self) -> dict[str, tuple[int, int]]:
        """The memorandum accounts that are not zero, without those of organisations."""
        async with self.database.transaction(self.id) as tx:
            found = {each.account: (each.cents, each.minutes) for each in await account_balances(tx, "memo/")}
        return {name: sums for name, sums in found.items() if any(sums) and "/contributed/" not in name}

    async def contributions(self) -> list[Contribution]:
        async with self.database.transaction(self.id) as tx:
            return await store.after(tx, UUID(int=0), 1_000)

    async def facts(self, topic: str = "funding.events") -> list[tuple[str, dict[str, Any]]]:
        """Type and data of what was appended for a topic, in order."""
        rows = await self.database.pool.fetch("SELECT type, data FROM outbox WHERE topic = $1 ORDER BY seq", topic)
        return [(row["type"].split(".")[-2], json.loads(row["data"])) for row in rows]


def codes(receipt: ContributionReceipt) -> list[str]:
    return [reason.code for reason in receipt.reasons]
