"""No hour twice: a lesson that a school confirmed meets the hours that a company's own system declared before it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from services.funding.domain.contribution import Contribution, Lesson
from services.funding.domain.intake import Reason
from services.funding.domain.wording import day_en, day_nl


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a confirmed lesson does: book its own hours or not, confirm declared ones, put others on hold."""

    books: bool
    confirmed: tuple[Contribution, ...]
    held: tuple[Contribution, ...]


def meet(
    lesson: Lesson, near: Iterable[Contribution], whole: Collection[UUID] = (), akin: Collection[UUID] = ()
) -> Meeting:
    """Hours declared under the lesson's reference are those of the lesson, which then does not book them again.

    They go on hold when they are more than the school confirmed; so do hours under that reference of another
    organisation, and hours without a reference on that day and line of the same organisation, which is one with its
    branches (`whole`), or as many of its umbrellas or members (`akin`). In those cases the lesson books.
    """
    own: list[Contribution] = []
    doubtful: list[Contribution] = []
    for each in near:
        ours = each.organisation_id == lesson.organisation_id
        if each.activity_ref == lesson.activity_ref:
            (own if ours else doubtful).append(each)
        elif each.activity_ref is None and (each.day, each.line) == (lesson.day, lesson.line):
            through = each.organisation_id in akin and each.minutes == lesson.minutes
            if ours or each.organisation_id in whole or through:
                doubtful.append(each)
    if own and sum(each.minutes for each in own) <= lesson.minutes:
        return Meeting(False, tuple(each for each in own if each.state == "declared"), tuple(doubtful))
    return Meeting(True, (), (*own, *doubtful))


def held_reason(lesson: Lesson) -> Reason:
    """What the sender of hours on hold is told."""
    return Reason(
        "already-booked",
        "activityRef",
        f"De les van {day_nl(lesson.day)} voor '{lesson.line}' is door de school bevestigd en geboekt. Iemand kijkt of "
        "uw uren dezelfde zijn; u hoeft niets te doen.",
        f"The lesson of {day_en(lesson.day)} for '{lesson.line}' was confirmed by the school and booked. A person "
        "looks whether your hours are the same; there is nothing to do for you.",
    )
