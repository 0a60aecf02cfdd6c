"""A region with two companies and two schools, planted over the real doors; every text in it carries a mark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import FastAPI

from runtime import ids
from runtime.auth import ROLES
from runtime.event import Received, receive
from tests.support.access.installation import SCOPES, Installation, Who
from tests.support.funding_door import SCHEME as SHIPPED

DAYS = {"from": "2020-01-01", "until": "2023-12-31"}
LINE = "robotisering"
SCHEME = "sto-2020-2024"


@dataclass(frozen=True, slots=True)
class Side:
    """A company, a school and a sender that belong together: one of them asks for its own, another for others'."""

    region: UUID
    mark: str

    @property
    def secret(self) -> str:
        """In every title and text of theirs, and in no request of the test: where it shows, it was read."""
        return f"{self.mark}geheim"

    @property
    def company(self) -> str:
        return f"{self.mark}-bedrijf"

    @property
    def school(self) -> str:
        return f"{self.mark}-school"

    @property
    def sender(self) -> str:
        return f"{self.mark}-erp"

    def id(self, code: str) -> UUID:
        return ids.coded_id(self.region, "organisation", code)

    def of(self, role: str) -> str:
        """The organisation that somebody with this role acts for."""
        return self.school if role == "school" else self.company

    def organisations(self, role: str) -> tuple[UUID, ...]:
        """Those in the token of somebody with this role: a sender's system speaks for both."""
        both = (self.id(self.company), self.id(self.school))
        return both if role == "sender" else (self.id(self.of(role)),)


@dataclass
class Region:
    """What was planted, by name: `found` holds the ids and hashes that its services gave."""

    code: str
    own: Side
    other: Side
    found: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return ids.consortium_id(self.code)

    def who(
        self, role: str, side: Side | None = None, *, more: tuple[str, ...] = (), scopes: tuple[str, ...] | None = None
    ) -> Who:
        """Somebody with this one role in this region, of one side's organisations."""
        side = side or self.own
        consortia = () if role == "service" else (self.id,)
        sender = side.sender if role == "sender" else None
        subject, organisations = f"{role}-{side.mark}", side.organisations(role)
        return Who(subject, (role, *more), consortia, organisations, sender, SCOPES if scopes is None else scopes)

    def accounts(self) -> Iterator[str]:

        for role in sorted(ROLES):
            for side in (self.own, self.other):
                yield self.who(role, side).subject


@dataclass
class Planter:
    """Puts things into one region as its people would, and insists."""

    installation: Installation
    region: Region

    def account(self, role: str) -> Who:
        """Somebody who plants, and asks for nothing in the test: who proposed is not who approves there."""
        return Who(f"planter-{role}", (role,), (self.region.id,), self.region.own.organisations(role))

    async def put(self, service: str, path: str, body: Any, role: str = "office", **more: Any) -> Any:
        return await self._ask(service, "PUT", path, role, json=body, **more)

    async def post(self, service: str, path: str, body: Any = None, role: str = "office", **more: Any) -> Any:
        sent = {"json": body} if body is not None else {}
        return await self._ask(service, "POST", path, role, **sent, **more)

    async def _ask(self, service: str, method: str, path: str, role: str, **more: Any) -> Any:
        who = more.pop("who", None) or self.account(role)
        headers = {"Idempotency-Key": str(ids.new_id()), **more.pop("headers", {})}
        answer = await self.installation.ask(service, method, f"/v1{path}", who, headers, **more)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


async def hear(installation: Installation, source: str, topic: str) -> None:
    """Lets every service hear what one has to publish since the last time, in its order, as it would from Kafka."""
    connection = await asyncpg.connect(installation.services[source].database.superuser_url)
    try:
        sql = "SELECT * FROM outbox WHERE topic = $1 AND seq > $2 ORDER BY seq"
        rows = await connection.fetch(sql, topic, installation.heard.get(topic, 0))
    finally:
        await connection.close()
    events = [_received(row) for row in rows]
    installation.heard[topic] = max([installation.heard.get(topic, 0), *(row["seq"] for row in rows)])
    for opened in installation.services.values():
        for each in opened.service.subscriptions:
            if topic not in each.topics or not events:
                continue
            await each.handler.prepare(events)
            async with opened.service.database.transaction(each.consortia(events)) as tx:
                await each.handler.handle(tx, events)


def _received(row: asyncpg.Record) -> Received:
    headers = {
        "ce_id": str(row["event_id"]),
        "ce_type": row["type"],
        "ce_source": row["source"],
        "ce_subject": str(row["aggregate_id"]),
        "ce_time": row["occurred_at"].isoformat(),
        "ce_consortiumid": str(row["consortium_id"]),
        "ce_sequence": str(row["aggregate_version"]),
    }
    sent = [(name, value.encode()) for name, value in headers.items()]
    return receive(row["topic"], 0, row["seq"], 1_000, row["key"].encode(), row["data"], sent)


async def plant(installation: Installation, region: Region) -> None:
    """Fills the region at every service. What partners publishes is heard by the others before their turn."""
    planter = Planter(installation, region)
    await _partners(planter)
    await hear(installation, "partners", "partners.events")
    await _activities(planter)
    await _notifications(planter)
    await _funding(planter)
    for service in installation.services:
        await hear(installation, service, f"{service}.events")


async def _partners(planter: Planter) -> None:
    region, own = planter.region, planter.region.own
    issuer = planter.installation.issuer.address

    async def put(path: str, body: Any) -> Any:
        return await planter.put("partners", path, body)

    policy = ["party", "umbrella", "pledge"]
    founded = {"name": f"{own.secret} regio", "zone": "Europe/Amsterdam", "currency": "EUR", "language": "nl"}
    await put(f"/consortia/{region.code}", {**founded, "standingPolicy": policy})
    for number, subject in enumerate([*region.accounts(), "planter-office", "planter-controller", "planter-company"]):
        await put(f"/persons/iemand-{number}/account", {"issuer": issuer, "subject": subject})
    for side in (own, region.other):
        await put(f"/organisations/{side.company}", {"name": f"{side.secret} Bedrijf", "kind": "company"})
        await put(f"/organisations/{side.school}", {"name": f"{side.secret} School", "kind": "vmbo"})
        for code in (side.company, side.school):
            membership = {"organisation": code, "role": "partner", "from": "2019-01-01"}
            await put(f"/memberships/{code}", membership)
    await put(f"/organisations/{own.mark}-koepel", {"name": f"{own.secret} Koepel", "kind": "foundation"})
    mandate = {"umbrella": f"{own.mark}-koepel", "member": own.company, "from": "2019-01-01"}
    await put(f"/umbrella-mandates/{own.mark}-mandaat", mandate)
    lines = {"spearheads": [{"code": LINE, "title": f"{own.secret} robots"}]}
    places = {"locations": [{"code": "locatie", "title": f"{own.secret} locatie", "organisation": own.school}]}
    await put("/programmes/2020", {"title": f"{own.secret} programma", **DAYS, **lines, **places})
    group = {"title": f"{own.secret} groep", "spearheads": [LINE], "chair": own.company}
    members = [{"organisation": own.company, "from": "2020-01-01"}]
    await put(f"/working-groups/{own.mark}-groep", {**group, "members": members})
    person = {"name": f"{own.secret} Persoon", "email": f"{own.secret}@example.org", "language": "nl"}
    await put(f"/persons/{own.mark}-persoon", {**person, "organisation": own.company, "roles": ["contact"]})
    await put(f"/persons/{own.mark}-persoon/holds/oordeel", {"until": "2099-12-31", "reason": f"{own.secret} reden"})
    agreement = {"title": f"{own.secret} overeenkomst", "text": f"{own.secret} werkt samen.", **DAYS}
    fields = [{"key": "plaats", "label": "Plaats", "required": False}]
    parties = [{"organisation": own.company}, {"organisation": own.school}]
    for code in ("samen", "concept"):
        await put(f"/agreements/{own.mark}-{code}", {**agreement, "fields": fields, "parties": parties})
    circulated = await planter.post("partners", f"/agreements/{own.mark}-samen/circulation")
    region.found["text"] = circulated["textHash"]
    for party in parties:
        filled = {"fields": {"plaats": f"{own.secret} plaats"}}
        await put(f"/agreements/{own.mark}-samen/parties/{party['organisation']}", filled)


async def _activities(planter: Planter) -> None:
    region, own, found = planter.region, planter.region.own, planter.region.found
    kind = {"kind": "guest-lesson", "line": LINE, "subject": "robotica"}
    wanted = {**kind, "schoolId": str(own.id(own.school)), "level": "vmbo-k", "groupSize": 20, "minutes": 100}
    soon = datetime.now(UTC).date() + timedelta(days=7)
    period = {"fromDay": soon.isoformat(), "untilDay": (soon + timedelta(days=60)).isoformat()}

    async def put(path: str, body: Any) -> Any:
        return await planter.put("activities", path, body)

    await put("/activity-kinds/guest-lesson", {"title": f"{own.secret} gastles"})
    for side in (own, region.other):
        offer = {"title": f"{side.secret} les", "companyId": str(side.id(side.company)), "levels": ["vmbo-k"]}
        sizes = {"maxGroup": 28, "minutes": 100, "available": side is own}
        await put(f"/offers/{side.mark}-aanbod", {**kind, **offer, **sizes})
    for code in ("open", "gehouden"):
        await put(f"/requests/{own.mark}-{code}", {**wanted, **period})
    await planter.post("activities", f"/requests/{own.mark}-gehouden/candidates")
    hold = {"activityCode": f"{own.mark}-gehouden"}
    await planter.post("activities", f"/requests/{own.mark}-gehouden/holds", hold)
    for code, day in (("geboekt", "2099-05-04"), ("gedaan", "2023-05-04"), ("geteld", "2023-05-05")):
        await put(f"/activities/{own.mark}-{code}", {**an_activity(own, day), "title": f"{own.secret} dag"})
    seats = {"activityCode": f"{own.mark}-geboekt", "schoolId": str(own.id(own.school)), "pupils": 5}
    for code in ("klas-1", "klas-2"):
        made = await planter.post("activities", "/bookings", {**seats, "code": f"{own.mark}-{code}"})
    found["booking"] = made["id"]
    heads = {"workers": 2, "minutesEach": 100, "pupils": 20}
    await planter.post("activities", f"/activities/{own.mark}-geteld/completion", heads)


def an_activity(side: Side, day: str) -> dict[str, Any]:
    """An open day of a side's company with its school."""
    times = {"startsAt": f"{day}T08:30:00+02:00", "endsAt": f"{day}T10:10:00+02:00"}
    both = {"schoolId": str(side.id(side.school)), "companyId": str(side.id(side.company))}
    return {"kind": "guest-lesson", "title": "Open dag", "line": LINE, **both, **times, "seats": 30}


async def _notifications(planter: Planter) -> None:
    own = planter.region.own
    milestone = {"title": f"{own.secret} vragenuur", "kind": "session", "day": "2099-03-22"}
    times = {"startsAt": "14:30", "endsAt": "15:30", "audience": "everyone", "text": f"{own.secret} tekst"}
    await planter.put("notifications", f"/milestones/{own.mark}-vragenuur", {**milestone, **times})


@contextmanager
def without_a_broker(app: FastAPI) -> Iterator[None]:
    """Admits senders without making their topics: this is about who may ask, and the broker is slow."""
    before = app.state.make_sender_topics

    async def nothing(code: str) -> None:
        return None

    app.state.make_sender_topics = nothing
    try:
        yield
    finally:
        app.state.make_sender_topics = before


async def _funding(planter: Planter) -> None:
    region, own, found = planter.region, planter.region.own, planter.region.found

    async def put(path: str, body: Any, role: str = "office", **more: Any) -> Any:
        return await planter.put("funding", path, body, role, **more)

    async def post(path: str, body: Any = None, role: str = "office", **more: Any) -> Any:
        return await planter.post("funding", path, body, role, **more)

    ask = {"about": "verification", "kind": "hours", "school": True}
    days = {"validFrom": "2020-01-01", "knownFrom": "2020-01-01"}
    rules = [*SHIPPED["rules"], {"code": "school-word", "terms": ask, "source": f"{own.secret} besluit", **days}]
    await put(f"/schemes/{SCHEME}", {"rules": rules, "title": f"{own.secret} regeling"})
    grant = {"scheme": SCHEME, "cents": 1_000_000_000, "awardedOn": "2019-12-01", **DAYS}
    await put(f"/grants/{own.mark}-subsidie", grant)
    plan = await put(f"/allocations/{own.mark}-verdeling", a_plan(own.mark))
    await post(f"/allocations/{plan['id']}/approval", role="controller")
    found["allocation"] = plan["id"]
    for role in ("company", "school"):
        whose = {"organisation": own.of(role), "expiresOn": "2099-12-31"}
        commitment = {"line": LINE, "cents": 1_000_000, "purpose": f"{own.secret} robot", **whose}
        found[f"{role}-commitment"] = (await put(f"/commitments/{own.mark}-{role}", commitment))["id"]
    paper = f"%PDF-1.7 {own.secret}\n%%EOF".encode()
    kept = {"content": paper, "headers": {"Content-Type": "application/pdf"}}
    await planter._ask("funding", "POST", "/evidence-files", "office", **kept)
    found["sha256"] = sha256(paper).hexdigest()
    for role in ("company", "school"):
        claim = {"commitmentId": found[f"{role}-commitment"], "cents": 1_000, "about": f"{own.secret} deel"}
        made = await post("/claims", {**claim, "evidence": [{"sha256": found["sha256"], "stored": True}]})
        found[f"{role}-claim"] = made["id"]
    await put(f"/pledges/{own.mark}-belofte", a_pledge(own))
    await hear(planter.installation, "funding", "funding.events")
    await hear(planter.installation, "partners", "partners.events")
    form = {"organisation": own.company, "title": f"{own.secret} formulier", "deadline": "2099-12-31"}
    for code in ("formulier", "ingevuld"):
        await put(f"/statements/{own.mark}-{code}", {**form, **DAYS, "expected": [{"line": LINE, "minutes": 600}]})
    answer = await put(f"/statements/{own.mark}-ingevuld/answer", {"lines": [{"line": LINE, "minutes": 480}]})
    found["answer"] = answer["sha256"]
    for side in (own, region.other):
        await put(f"/senders/{side.sender}", {"title": f"{side.secret} systeem"}, role="operator")
        await put(f"/senders/{side.sender}/mandates/{side.company}", {"from": "2020-01-01"})
    records = [{**a_record(region, f"{own.secret}-{n}"), "workerRef": f"w-{n}"} for n in range(3)]
    records = [{**each, "description": f"{own.secret} les"} for each in records]
    sender = Who("planter-sender", ("sender",), sender=own.sender)
    sent = await post("/contribution-batches", records, who=sender)
    assert sent["counts"]["booked"] == 3, sent
    asked = await planter._ask("funding", "GET", "/school-verifications", "school")
    found["to-read"], found["to-confirm"], found["to-refuse"] = (each["contributionId"] for each in asked["items"])
    found["fate"] = (await planter._ask("funding", "GET", "/own-contributions", "company"))["items"][0]["id"]
    for code in ("draft", "draft-to-delete"):
        found[code] = str(ids.new_id())
        await put(f"/contribution-drafts/{found[code]}", a_draft(own, f"{own.secret}-w"), "company")
    found["month"] = f"{datetime.now(UTC):%Y-%m}"


def a_record(region: Region, number: str) -> dict[str, Any]:
    """Two hours and a quarter of one worker of the region's own company."""
    about = {"consortium": region.code, "organisation": region.own.company, "line": LINE, "day": "2023-05-02"}
    return {"id": number, **about, "kind": "hours", "minutes": 135, "workerRef": "w-1", "school": region.own.school}


def a_draft(side: Side, worker: str) -> dict[str, Any]:
    """Two hours that somebody of a side's company writes down by hand."""
    record = {"line": LINE, "day": "2023-05-03", "kind": "hours", "minutes": 120, "workerRef": worker}
    return {"organisation": side.company, "record": record}


def a_pledge(side: Side) -> dict[str, Any]:
    lines = [{"line": LINE, "minutes": 6_000}]
    return {"organisation": side.company, "signedOn": "2019-12-01", **DAYS, "lines": lines}


def a_plan(mark: str) -> dict[str, Any]:
    envelope = {"code": "speerpunten", "kind": "spearhead", "shareBasisPoints": 6_000}
    envelope["lines"] = [{"line": LINE, "weight": 1}]
    return {"grant": f"{mark}-subsidie", "effectiveOn": "2020-01-01", "reason": mark, "envelopes": [envelope]}
