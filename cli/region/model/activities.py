"""What companies offer, what schools ask, and what becomes of it in the story."""

from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from cli.region.model.items import Cents, Code, Item, Language, Part, Text


class Window(Part):
    """A stretch of one weekday (Monday is 1) in local time."""

    weekday: Annotated[int, Field(ge=1, le=7)]
    opens: time
    closes: time


class Offer(Item):
    code: Code
    kind: Code
    company: Code
    line: Code
    title: Text
    subject: Text
    levels: Annotated[tuple[Text, ...], Field(min_length=1)]
    language: Language = "nl"
    min_group: Annotated[int, Field(ge=1)] = 1
    max_group: Annotated[int, Field(ge=1)]
    minutes: Annotated[int, Field(ge=1, le=1440)]
    preparation_minutes: Annotated[int, Field(ge=0, le=480)] = 0
    workers: Annotated[int, Field(ge=1, le=100)] = 1
    price_cents: Cents = 0
    municipality: Text | None = None
    max_travel_minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    windows: list[Window] | None = None
    from_day: date | None = None
    until_day: date | None = None


class LessonRequest(Item):
    code: Code
    kind: Code
    school: Code
    line: Code
    subject: Text
    level: Text
    group_size: Annotated[int, Field(ge=1)]
    language: Language = "nl"
    minutes: Annotated[int, Field(ge=1, le=1440)]
    from_day: date
    until_day: date
    municipality: Text | None = None
    windows: list[Window] | None = None
    closed: tuple[date, ...] = ()


class Attendance(Part):
    """Who came: workers, minutes of each without preparation, pupils as a number."""

    workers: Annotated[int, Field(ge=1, le=1000)]
    minutes_each: Annotated[int, Field(ge=1, le=1440)]
    pupils: Annotated[int, Field(ge=0)]


class Lesson(Item):
    """What becomes of a request in the story. `code` is what a company's system calls `activityRef`.

    Without `offer` the best candidate is held, without `startsAt` at the first moment that suits both. `counted` is
    what the school confirms when it counted otherwise than the company.
    """

    code: Code
    request: Code
    offer: Code | None = None
    starts_at: AwareDatetime | None = None
    room: Text | None = None
    outcome: Literal["booked", "completed", "confirmed", "cancelled"]
    reason: (
        Literal["illness", "school-cannot", "company-cannot", "too-few-sign-ups", "transport", "weather", "other"]
        | None
    ) = None
    attendance: Attendance | None = None
    counted: Attendance | None = None

    @model_validator(mode="after")
    def _has_what_its_outcome_needs(self) -> Self:
        if self.outcome in ("completed", "confirmed") and self.attendance is None:
            raise ValueError(f"a lesson that is {self.outcome} has its attendance")
        if self.outcome == "cancelled" and self.reason is None:
            raise ValueError("a lesson that is cancelled has a reason")
        return self


class Import(Item):
    """A sign-up on an outside platform, by its reference there."""

    external_ref: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")]
    code: Code | None = None
    kind: Code
    title: Text
    line: Code
    school: Code
    company: Code
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    seats: Annotated[int, Field(ge=1)]
    pupils: Annotated[int, Field(ge=1)] | None = None
    preparation_minutes: Annotated[int, Field(ge=0, le=480)] = 0
    room: Text | None = None
    cancelled: bool = False


class ActivitiesFile(Part):
    """activities.yaml: offers, requests, what becomes of them, and sign-ups from elsewhere."""

    offers: tuple[Offer, ...] = ()
    requests: tuple[LessonRequest, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    imports: tuple[Import, ...] = ()
