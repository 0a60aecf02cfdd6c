"""The reporting calendar reaches who it concerns: the office and the lead partner, each once."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from runtime.event import Received
from services.notifications.commands import telling as commands
from services.notifications.domain.telling import SubjectState
from services.notifications.handlers import ReportingDate, tell_reporting
from tests.integration.notifications.planning import REGION
from tests.integration.notifications.test_telling import Office
from tests.integration.notifications.test_telling import office as office

DATE = UUID(int=7)
NOW = datetime(2099, 7, 1, 8, tzinfo=UTC)


async def hear(office: Office, fact: str, sequence: int, day: str, *, at: datetime = NOW, **more: Any) -> None:
    """What funding tells of the date, as it comes in."""
    states = {"cancelled": SubjectState.CANCELLED, "completed": SubjectState.SETTLED}
    state = states.get(fact, SubjectState.OPEN)
    template = "" if fact == "completed" else f"reporting-date-{fact}"
    data = {
        "reportingDateId": str(DATE),
        "title": "progress-report-2",
        "day": day,
        "tells": ["lead-partner", "office"],
        "remindDaysBefore": [30, 7],
        **more,
    }
    event = Received(
        "funding.events", 0, sequence, at, None, None, {}, id=str(UUID(int=sequence)), time=at, sequence=sequence
    )
    async with office.planning.database.transaction(REGION) as tx:
        handle = partial(tell_reporting, lambda: at, template, state)
        await handle(tx, event, ReportingDate.model_validate(data))


async def remind(office: Office, at: datetime) -> None:
    async with office.planning.database.transaction(REGION) as tx:
        await commands.remind(tx, at, 100)


async def tell(office: Office, at: datetime) -> list[str]:
    """What went out in this round: subjects, in order of addressee."""
    before = len(office.mail.mails)
    await office.sender().run_once(at + timedelta(seconds=1))
    return sorted(str(mail["Subject"]) for mail in office.mail.mails[before:])


async def test_office_and_lead_partner_are_reminded_each_once_until_it_is_handed_in(office: Office) -> None:
    office.partners.audiences |= {"office": ["bo"], "lead-partner": ["bo", "zoe"]}
    await hear(office, "planned", 1, "2099-10-01")
    await hear(office, "planned", 1, "2099-10-01")
    assert await tell(office, NOW) == []
    month = datetime(2099, 9, 1, 7, tzinfo=UTC)
    await remind(office, month - timedelta(seconds=1))
    assert await tell(office, month - timedelta(seconds=1)) == []
    await remind(office, month)
    assert await tell(office, month) == ["Nog 30 dagen: progress-report-2"] * 2
    await remind(office, month)
    assert await tell(office, month) == []
    await hear(office, "completed", 2, "2099-10-01", at=month, completedOn="2099-09-02")
    await remind(office, datetime(2099, 9, 24, 7, tzinfo=UTC))
    assert await tell(office, datetime(2099, 9, 24, 8, tzinfo=UTC)) == []
    assert await office.planning.rows("reminders", "due_at") == []


async def test_a_moved_date_is_told_once_with_its_reason_and_reminded_of_on_its_new_day(office: Office) -> None:
    office.partners.audiences |= {"office": ["bo"], "lead-partner": ["zoe"]}
    await hear(office, "planned", 1, "2099-10-01")
    moved: dict[str, Any] = {"fromDay": "2099-10-01", "reason": "announced by DUS-I"}
    for _ in range(2):
        await hear(office, "moved", 2, "2099-11-01", **moved)
    assert await tell(office, NOW) == ["Verplaatst: progress-report-2 is nu uiterlijk zondag 1 november 2099"] * 2
    plain = office.mail.mails[-1].get_body(("plain",))
    assert plain is not None
    assert "announced by DUS-I" in plain.get_content()
    assert [row["due_at"].date().isoformat() for row in await office.planning.rows("reminders", "due_at")] == [
        "2099-10-02",
        "2099-10-25",
    ]
    await hear(office, "cancelled", 3, "2099-11-01", reason="the grant was determined")
    assert await tell(office, NOW) == ["Vervallen: progress-report-2 van zondag 1 november 2099"] * 2


async def test_a_date_too_near_for_a_reminder_is_told_at_once_as_it_is_last(
    office: Office,
) -> None:
    office.partners.audiences |= {"office": ["bo"], "lead-partner": []}
    await hear(office, "planned", 1, "2099-07-03")
    await hear(office, "planned", 2, "2099-07-03", title="renamed")
    assert await tell(office, NOW) == ["Op de agenda: progress-report-2, uiterlijk vrijdag 3 juli 2099"]
    await hear(office, "moved", 3, "2099-07-04", fromDay="2099-07-03", reason="x")
    await hear(office, "moved", 4, "2099-07-05", fromDay="2099-07-04", reason="y")
    assert await tell(office, NOW) == ["Verplaatst: progress-report-2 is nu uiterlijk zondag 5 juli 2099"]
    codes = {row["code"] for row in await office.planning.rows("notices", "notice_id")}
    assert codes == {None, "moved-meanwhile"}


async def test_a_past_date_is_kept_and_not_told(office: Office) -> None:
    office.partners.audiences |= {"office": ["bo"], "lead-partner": []}
    await hear(office, "planned", 1, "2099-06-30")
    await hear(office, "moved", 2, "2099-06-29", fromDay="2099-06-30", reason="x")
    assert await tell(office, NOW) == []
    assert len(await office.planning.rows("subjects", "subject_id")) == 1
