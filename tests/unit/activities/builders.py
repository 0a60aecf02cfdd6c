"""Builders of the things that the rules of activities are about; every test says only what matters to it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.activities.domain.activities import Activity, Party, Speaker, State
from services.activities.domain.catalogue import Offer, Request

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TODAY = date(2023, 4, 3)
NOW = datetime(2023, 4, 3, 9, 0, tzinfo=UTC)
NAMES = UUID("5d0f36a2-6f0f-5f6e-9d35-2f6f7f5b1a10")


def an_id(name: str) -> UUID:
    return uuid5(NAMES, name)


SCHOOL, COMPANY = an_id("school"), an_id("company")


def an_offer(code: str = "robotarm", **changes: Any) -> Offer:
    offer = Offer(
        id=an_id(f"offer/{code}"),
        code=code,
        kind="guest-lesson",
        title="Een robotarm in de klas",
        company_id=COMPANY,
        line="robotisering",
        subject="robotica",
        levels=("vmbo-b", "vmbo-k"),
        language="nl",
        min_group=5,
        max_group=28,
        minutes=100,
        preparation_minutes=35,
        municipality="Nijkerk",
    )
    return replace(offer, **changes)


def a_request(code: str = "het-element-3k", **changes: Any) -> Request:
    request = Request(
        id=an_id(f"request/{code}"),
        code=code,
        kind="guest-lesson",
        school_id=SCHOOL,
        line="robotisering",
        subject="robotica",
        level="vmbo-k",
        group_size=24,
        language="nl",
        from_day=date(2023, 5, 1),
        until_day=date(2023, 5, 31),
        minutes=100,
        municipality="Amersfoort",
    )
    return replace(request, **changes)


def an_activity(state: State = State.BOOKED, **changes: Any) -> Activity:
    activity = Activity(
        id=an_id("activity"),
        code="het-element-3k-1",
        kind="guest-lesson",
        title="Een robotarm in de klas",
        line="robotisering",
        school_id=SCHOOL,
        company_id=COMPANY,
        starts_at=datetime(2023, 5, 2, 6, 30, tzinfo=UTC),
        ends_at=datetime(2023, 5, 2, 8, 10, tzinfo=UTC),
        seats=28,
        state=state,
        preparation_minutes=35,
    )
    return replace(activity, **changes)


def a_hold(**changes: Any) -> Activity:
    return an_activity(
        State.HELD,
        **{
            "request_id": an_id("request"),
            "offer_id": an_id("offer"),
            "held_until": datetime(2023, 4, 10, 9, 0, tzinfo=UTC),
            "held_by": Party.SCHOOL,
            **changes,
        },
    )


def a_speaker(*parties: Party, organisations: tuple[UUID, ...] = (), person: str = "somebody") -> Speaker:
    return Speaker(frozenset(parties), frozenset(organisations), an_id(person))
