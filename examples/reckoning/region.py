"""What a region is like on a day: who is who, who speaks for whom, who stands, and what a lesson is."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cli.region import Region
from cli.region.model import Lesson


def organisation_of(region: Region, reference: str) -> str | None:
    """The code of an organisation, by that code or by its number in a register."""
    for each in region.organisations:
        if reference in (each.code, *(f"{name}:{number}" for name, number in each.registry_numbers.items())):
            return each.code
    return None


def mandated(region: Region, sender: str, organisation: str, day: date) -> bool:
    return any(
        mandate.organisation == organisation and mandate.first_day <= day <= (mandate.last_day or day)
        for each in region.senders
        if each.code == sender
        for mandate in each.mandates
    )


def stands(region: Region, organisation: str, day: date) -> bool:
    """As a party to the agreement that day, through an umbrella that is one, or by a pledge."""
    agreement = region.agreement
    parties: set[str] = set()
    if agreement is not None and agreement.first_day <= day <= agreement.last_day:
        parties = {party.organisation for party in agreement.parties if party.role == "party"}
    through = any(
        each.member == organisation and each.umbrella in parties and each.first_day <= day <= (each.last_day or day)
        for each in region.umbrella_mandates
    )
    pledged = any(
        each.organisation == organisation and each.first_day <= day <= each.last_day for each in region.pledges
    )
    grounds = {"party": organisation in parties, "umbrella": through, "pledge": pledged}
    return any(grounds[ground] for ground in region.consortium.standing_policy)


def lesson_place(region: Region) -> Any:
    """Whose a lesson is, on which day, for which line. A lesson of which the day is not planned yet has none."""

    def of(lesson: Lesson) -> tuple[str, date, str] | None:
        if lesson.offer is None or lesson.starts_at is None:
            return None
        day = lesson.starts_at.astimezone(ZoneInfo(region.consortium.zone)).date()
        return region.offer(lesson.offer).company, day, region.asked_by(lesson).line

    return of


def lesson_minutes(region: Region, lesson: Lesson) -> int:
    """What a confirmed lesson books: every worker's time, with the preparation of the offer that was taken."""
    asked, counted = region.asked_by(lesson), lesson.counted or lesson.attendance
    fitting = [
        each.code for each in region.offers if each.subject == asked.subject and each.max_group >= asked.group_size
    ]
    preparation = region.offer(lesson.offer or fitting[0]).preparation_minutes
    return counted.workers * (counted.minutes_each + preparation) if counted else 0
