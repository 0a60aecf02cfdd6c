"""Hours flow in by themselves when a school confirms a lesson."""

from datetime import UTC, date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from runtime.consumer import Router
from runtime.event import Received
from runtime.postgres import Tx
from services.funding.commands import contributions
from services.funding.domain.contribution import Lesson


class AttendanceConfirmed(BaseModel):
    """What funding uses of it. `minutes` are worked, preparation included."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True, frozen=True)

    activity_id: UUID
    code: str
    line: str
    day: date
    company_id: UUID
    minutes: int


async def book_hours(tx: Tx, _event: Received, data: AttendanceConfirmed) -> None:
    """Books the company's hours, once. Without a rule for them it is a dead letter, to replay later."""
    lesson = Lesson(data.activity_id, data.code, data.company_id, data.line, data.day, data.minutes)
    await contributions.book_lesson(tx, lesson, at=datetime.now(UTC))


def router() -> Router:
    """What funding hears of activities."""
    made = Router()
    made.on("nl.speerpunt.activities.attendance-confirmed.v1", AttendanceConfirmed, book_hours)
    return made
