"""Hours flow in by themselves when a school confirms a lesson."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime.consumer import Router, context_of
from runtime.event import Received
from runtime.postgres import Tx
from services.funding.commands import contributions
from services.funding.commands.contributions import Confirmed
from services.funding.domain.contribution import Lesson


class AttendanceConfirmed(BaseModel):
    """What funding uses of it. `minutes` are worked, preparation included."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)

    activity_id: UUID
    code: str
    line: str
    day: date
    company_id: UUID
    school_id: UUID | None = None
    minutes: int


async def book_hours(tx: Tx, heard: Sequence[tuple[Received, AttendanceConfirmed]]) -> None:
    """Books the companies' hours, once. Without a rule for them it is a dead letter, to replay later."""
    confirmed = []
    for event, data in heard:
        assert event.consortium_id is not None
        lesson = Lesson(data.activity_id, data.code, data.company_id, data.line, data.day, data.minutes, data.school_id)
        confirmed.append(Confirmed(event.consortium_id, lesson, context_of(event, tx.context.actor)))
    await contributions.book_lessons(tx, confirmed, at=datetime.now(UTC))


def router() -> Router:
    """What funding hears of activities."""
    made = Router()
    made.on_many("nl.speerpunt.activities.attendance-confirmed.v1", AttendanceConfirmed, book_hours)
    return made
