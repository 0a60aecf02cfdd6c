"""People are told at most once, of what still holds, through a real mail server and a real gRPC server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from grpc import StatusCode

from runtime.event import Received
from runtime.ids import coded_id, new_id
from services.notifications.clients import Directory, Post
from services.notifications.commands import telling as commands
from services.notifications.handlers import StatementIssued, VerificationAsked, count_asked, tell_statement
from services.notifications.letters import Letters
from services.notifications.loops import Reminders, Sender
from services.notifications.settings import Settings
from tests.integration.notifications.mail import MailServer, Partners, a_mail_server, a_partners, person_id
from tests.integration.notifications.planning import QUESTION_HOUR, REGION, Planning, a_planning
from tests.support.servers import DatabaseFor, ServiceDatabase

PAST = {**QUESTION_HOUR, "day": "2019-03-29"}


@dataclass
class Office:
    """A planning whose letters go out through this mail server to these people."""

    planning: Planning
    mail: MailServer
    partners: Partners
    made: ServiceDatabase
    directory: Directory

    def sender(self, **settings: Any) -> Sender:
        values = {"smtp_port": self.mail.port, "smtp_timeout_seconds": 5, **settings}
        found = Settings(**values)
        return Sender(self.planning.database, self.directory, Post(found), Letters(), found)

    async def tell(self, later: timedelta = timedelta(), **settings: Any) -> int:
        """One round of the sender, so much later."""
        return await self.sender(**settings).run_once(datetime.now(UTC) + later)

    async def notices(self) -> list[tuple[str, str, str | None]]:
        """State, template and code of every notice, sorted."""
        found = [
            (row["state"], row["template"], row["code"]) for row in await self.planning.rows("notices", "notice_id")
        ]
        return sorted(found, key=str)

    async def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.planning.get("/v1/notices/summary")).json()
        return found

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mail.mails]


@pytest.fixture
async def office(database_for: DatabaseFor) -> AsyncIterator[Office]:
    made = await database_for("notifications")
    async with AsyncExitStack() as stack:
        planning = await stack.enter_async_context(a_planning(made))
        mail = await stack.enter_async_context(a_mail_server())
        partners, client = await stack.enter_async_context(a_partners())
        partners.audiences["everyone"] = ["bo", "mats", "zoe"]
        yield Office(planning, mail, partners, made, Directory(client))


async def test_everyone_in_the_audience_is_told_once_and_in_their_own_language(office: Office) -> None:
    office.partners.languages = {"mats": "sv", "zoe": "xx"}
    await office.planning.put("vragenuur", QUESTION_HOUR)
    assert await office.tell() == 3
    assert await office.tell(timedelta(hours=1)) == 0
    assert sorted(office.mail.addressees) == [f"{each}@bedrijf.example" for each in ("bo", "mats", "zoe")]
    by_language = {str(mail["Content-Language"]): mail for mail in office.mail.mails}
    assert sorted(str(mail["Content-Language"]) for mail in office.mail.mails) == ["nl", "nl", "sv"]
    swedish = by_language["sv"]
    assert str(swedish["To"]) == "Mats Verzonnen <mats@bedrijf.example>"
    assert str(swedish["From"]) == '"STO Amersfoort e.o." <speerpunt@speerpunt.example>'
    assert str(swedish["Auto-Submitted"]) == "auto-generated"
    plain, html = swedish.get_body(("plain",)), swedish.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "söndag 22 mars 2099, 14:30–15:30" in plain.get_content()
    assert "Hej Mats Verzonnen!" in html.get_content()
    assert await office.notices() == [("sent", "milestone-planned", None)] * 3
    facts = await office.planning.facts()
    assert facts == [("milestone-planned", 1)] + [("notice-sent", 1)] * 3


async def test_a_cancelled_milestone_is_told_once_and_what_was_not_sent_before_it_is_suppressed(office: Office) -> None:
    await office.planning.put("slotdag", QUESTION_HOUR)
    await office.planning.put("slotdag", {**QUESTION_HOUR, "cancelled": True, "reason": "te weinig vragen"})
    await office.tell()
    assert len(office.mail.mails) == 3
    assert set(office.subjects()) == {"Gaat niet door: Vragenuur op zondag 22 maart 2099"}
    assert await office.notices() == [
        *[("sent", "milestone-cancelled", None)] * 3,
        *[("suppressed", "milestone-planned", "cancelled-meanwhile")] * 3,
    ]
    facts = [fact for fact, _ in await office.planning.facts()]
    assert (facts.count("notice-sent"), facts.count("notice-suppressed")) == (3, 3)


async def test_loading_a_past_planning_tells_nothing_unless_it_is_announced_and_then_once(office: Office) -> None:
    await office.planning.put("slotdag", {**PAST, "remindDaysBefore": [7, 1]})
    await office.tell()
    assert office.mail.mails == []
    gone = {**PAST, "cancelled": True, "reason": "te weinig vragen", "announce": True}
    assert (await office.planning.put("slotdag", gone)).headers["Result"] == "changed"
    await office.tell()
    assert office.subjects() == ["Gaat niet door: Vragenuur op vrijdag 29 maart 2019"] * 3
    assert (await office.planning.put("slotdag", gone)).headers["Result"] == "unchanged"
    office.partners.audiences["everyone"].append("nina")
    await office.tell()
    assert office.mail.addressees[3:] == ["nina@bedrijf.example"]
    summary = await office.summary()
    assert (summary["sent"], summary["suppressedDuplicates"], summary["waiting"]) == (4, 3, 0)
    assert await office.planning.rows("reminders", "due_at") == []
    assert [fact for fact, _ in await office.planning.facts()].count("notice-suppressed") == 3


async def test_a_person_in_two_audiences_of_one_occasion_is_told_once(office: Office) -> None:
    office.partners.audiences |= {"office": ["bo"], "companies": ["bo", "zoe"]}
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "audience": "office"})
    await office.tell()
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "audience": "companies", "announce": True})
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "audience": "companies", "announce": True})
    await office.tell()
    assert office.mail.addressees == ["bo@bedrijf.example", "zoe@bedrijf.example"]
    assert (await office.summary())["suppressedDuplicates"] == 1


async def test_a_reminder_comes_when_it_is_due_and_not_after_a_cancellation(office: Office) -> None:
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "remindDaysBefore": [7, 1], "announce": False})
    reminders = Reminders(office.planning.database)
    first, second = [row["due_at"] for row in await office.planning.rows("reminders", "due_at")]
    assert (first, second) == (datetime(2099, 3, 15, 8, 0, tzinfo=UTC), datetime(2099, 3, 21, 8, 0, tzinfo=UTC))
    assert await reminders.run_once(first - timedelta(seconds=1)) == 0
    assert await reminders.run_once(first) == 1
    assert await reminders.run_once(first) == 0
    await office.sender().run_once(first)
    assert office.subjects() == ["Herinnering: Vragenuur, over 7 dagen"] * 3
    assert await reminders.run_once(second) == 1
    gone = {**QUESTION_HOUR, "cancelled": True, "reason": "geen zaal", "announce": False}
    await office.planning.put("vragenuur", gone)
    await office.sender().run_once(second)
    assert len(office.mail.mails) == 3
    assert ("suppressed", "milestone-reminder", "cancelled-meanwhile") in await office.notices()
    assert await office.planning.rows("reminders", "due_at") == []


async def test_a_move_plans_its_reminders_anew(office: Office) -> None:
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "remindDaysBefore": [1]})
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "day": "2099-06-22", "remindDaysBefore": [1]})
    due = [row["due_at"] for row in await office.planning.rows("reminders", "due_at")]
    assert due == [datetime(2099, 6, 21, 7, 0, tzinfo=UTC)]


async def test_two_senders_at_once_tell_everyone_once(office: Office) -> None:
    people = [f"person{number}" for number in range(12)]
    office.partners.audiences["everyone"] = people
    for code in ("a", "b", "c", "d"):
        await office.planning.put(code, QUESTION_HOUR)
    at = datetime.now(UTC)
    rivals = [office.sender() for _ in range(3)]
    expired = at + timedelta(minutes=10)
    await asyncio.gather(*(each.run_once(at) for each in rivals), *(each.run_once(expired) for each in rivals))
    assert len(office.mail.mails) == 48
    assert len({str(mail["Message-ID"]) for mail in office.mail.mails}) == 48
    assert await office.notices() == [("sent", "milestone-planned", None)] * 48
    summary = await office.summary()
    assert (summary["sent"], summary["suppressedDuplicates"], summary["waiting"]) == (48, 0, 0)


async def test_a_mail_server_that_is_away_is_tried_again_and_nobody_is_told_twice(office: Office) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    assert await office.tell(smtp_port=1) == 1
    assert await office.notices() == []
    assert (await office.summary())["waiting"] == 1
    assert await office.tell(timedelta(minutes=1)) == 3
    assert await office.tell(timedelta(hours=1)) == 0
    assert len(office.mail.mails) == 3
    assert (await office.summary())["suppressedDuplicates"] == 0


async def test_an_address_refused_for_now_is_tried_again_and_one_refused_for_good_is_not(office: Office) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    office.mail.at_rcpt = "450"
    await office.tell()
    assert await office.notices() == []
    office.mail.at_rcpt = "550"
    await office.tell(timedelta(minutes=1))
    assert await office.notices() == [("failed", "milestone-planned", "smtp-550")] * 3
    office.mail.at_rcpt = ""
    assert await office.tell(timedelta(hours=2)) == 0
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "announce": True})
    assert await office.tell() == 3
    assert await office.notices() == [("sent", "milestone-planned", None)] * 3
    assert [fact for fact, _ in await office.planning.facts()].count("notice-failed") == 3


async def test_a_letter_refused_after_it_was_handed_over_is_not_sent_again(office: Office) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    office.mail.at_data = "451"
    await office.tell()
    assert await office.notices() == [("failed", "milestone-planned", "smtp-451")] * 3
    assert await office.tell(timedelta(hours=1)) == 0


async def test_what_is_tried_for_a_day_is_given_up_and_shown(office: Office) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    await office.tell(smtp_port=1)
    await office.tell(timedelta(hours=25), smtp_port=1)
    assert await office.notices() == [("failed", "milestone-planned", "mail-server-away")] * 3
    assert (await office.summary())["waiting"] == 0


async def test_a_mail_server_lost_while_it_took_the_letter_leaves_it_unknown(office: Office) -> None:
    office.partners.audiences["everyone"] = ["bo"]
    await office.planning.put("vragenuur", QUESTION_HOUR)
    office.mail.hang = True
    await office.tell(smtp_timeout_seconds=0.5)
    assert await office.notices() == [("unknown", "milestone-planned", "mail-server-lost")]
    office.mail.hang = False
    assert await office.tell(timedelta(hours=1)) == 0
    await office.planning.put("vragenuur", {**QUESTION_HOUR, "announce": True})
    assert await office.tell() == 0
    summary = await office.summary()
    assert (summary["unknown"], summary["sent"], summary["suppressedDuplicates"]) == (1, 0, 1)
    assert office.mail.mails == []


@pytest.mark.parametrize("status", [StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.PERMISSION_DENIED])
async def test_when_partners_is_away_nothing_is_claimed_and_it_is_tried_again(
    office: Office, status: StatusCode
) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    office.partners.status = status
    assert await office.tell() == 0
    assert (await office.notices(), (await office.summary())["waiting"]) == ([], 1)
    office.partners.status = None
    assert await office.tell(timedelta(minutes=1)) == 3


async def test_an_audience_that_does_not_exist_is_given_up_and_shown(office: Office) -> None:
    await office.planning.put("a", {**QUESTION_HOUR, "audience": "organisation:nergens"})
    await office.planning.put("b", {**QUESTION_HOUR, "audience": "schools"})
    office.partners.audiences["schools"] = []
    await office.tell()
    summary = await office.summary()
    assert (summary["givenUp"], summary["toNobody"], summary["waiting"]) == (1, 1, 0)


async def test_the_audience_is_asked_for_the_day_of_the_milestone(office: Office) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    await office.tell()
    (asked,) = office.partners.asked
    assert (asked.consortium_id, asked.audience, asked.day) == (str(REGION), "everyone", "2099-03-22")


async def test_a_name_or_address_is_kept_nowhere(office: Office, capfd: pytest.CaptureFixture[str]) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    with structlog.testing.capture_logs() as logs:
        office.mail.at_rcpt = "450"
        await office.tell()
        office.mail.at_rcpt = ""
        await office.tell(timedelta(minutes=1))
        await office.planning.put("vragenuur", {**QUESTION_HOUR, "announce": True})
        await office.tell(timedelta(minutes=2))
    assert len(office.mail.mails) == 3
    tables = [
        row["tablename"]
        for row in await office.planning.rows("pg_tables", "tablename")
        if row["schemaname"] == "public"
    ]
    assert {"notices", "outbox", "tellings", "dead_letters"} <= set(tables)
    kept = [
        bytes(v) if isinstance(v, bytes) else v for t in tables for r in await office.planning.rows(t, "1") for v in r
    ]
    told = capfd.readouterr()
    for planted in ("bedrijf.example", "Verzonnen"):
        assert planted not in repr(kept)
        assert planted not in repr(logs) + told.out + told.err
    assert "bedrijf.example" in repr([str(mail["To"]) for mail in office.mail.mails])


async def test_notices_are_listed_by_state_person_template_and_milestone_for_the_office_alone(office: Office) -> None:
    await office.planning.put("vragenuur", QUESTION_HOUR)
    await office.planning.put("ander", QUESTION_HOUR)
    await office.tell()

    async def found(query: str) -> int:
        return len((await office.planning.get(f"/v1/notices?{query}")).json()["items"])

    assert await found("") == 6
    assert [await found("state=sent"), await found("state=failed")] == [6, 0]
    assert await found("milestone=vragenuur") == 3
    assert await found(f"personId={person_id('bo')}") == 2
    assert await found(f"personId={person_id('bo')}&milestone=ander&template=milestone-planned") == 1
    page = await office.planning.get("/v1/notices?limit=4")
    following = await office.planning.get(page.links["next"]["url"])
    ids = [each["id"] for each in page.json()["items"] + following.json()["items"]]
    assert len(set(ids)) == 6
    one = (await office.planning.get(f"/v1/notices/{ids[0]}")).json()
    assert (one["state"], one["channel"], one["language"]) == ("sent", "mail", "nl")
    assert one["milestoneId"] in {str(coded_id(REGION, "milestone", code)) for code in ("vragenuur", "ander")}
    for role in ("school", "company", "sender"):
        assert (await office.planning.get("/v1/notices", office.planning.who(role))).status_code == 403
    stranger = office.planning.who("office", person_id("elsewhere"))
    assert (await office.planning.get("/v1/notices", stranger)).json()["items"] == []
    assert (await office.planning.get(f"/v1/notices/{ids[0]}", stranger)).status_code == 404


async def test_a_flood_of_held_contributions_is_one_mail_a_day_to_the_office(office: Office) -> None:
    office.partners.audiences["office"] = ["officer"]
    noon = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)

    async def hold(records: int, at: datetime) -> None:
        async with office.planning.database.transaction(REGION) as tx:
            await commands.count_held(tx, records, at, at)

    await hold(2, noon)
    await hold(3, noon + timedelta(seconds=10))
    assert await office.sender().run_once(noon) == 0
    assert await office.sender().run_once(noon + timedelta(minutes=1)) == 1
    await hold(40, noon + timedelta(minutes=2))
    await hold(1, noon + timedelta(hours=3))
    nine_there = datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert await office.sender().run_once(nine_there - timedelta(seconds=1)) == 0
    assert await office.sender().run_once(nine_there) == 1
    assert office.subjects() == [f"{count} bijdragen wachten op uw oordeel" for count in (5, 41)]
    await hold(9, noon - timedelta(days=3))
    async with office.planning.database.transaction(REGION) as tx:
        await commands.count_held(tx, 1, noon - timedelta(hours=49), noon)
    assert len(await office.planning.rows("tellings", "due_at")) == 3


async def test_each_school_is_told_once_a_day_how_much_waits_for_its_word_and_of_none_that_is_not_known(
    office: Office,
) -> None:
    office.partners.audiences.update({f"organisation:{person_id(code)}": [code] for code in ("element", "park")})
    noon = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)

    def asked(school: str | None) -> tuple[Received, VerificationAsked]:
        event = Received("funding.events", 0, 0, noon, None, None, {}, str(new_id()), time=noon, consortium_id=REGION)
        return event, VerificationAsked(contribution_id=new_id(), school_id=person_id(school) if school else None)

    for codes in (("element", "park", None), ("element", "element")):
        async with office.planning.database.transaction({REGION}) as tx:
            await count_asked(lambda: noon, tx, [asked(code) for code in codes])
    assert await office.sender().run_once(noon + timedelta(minutes=1)) == 2
    assert sorted(office.subjects()) == [
        "1 bijdrage wacht op het woord van uw school",
        "3 bijdragen wachten op het woord van uw school",
    ]


async def test_a_form_reminds_on_its_own_days_and_one_that_is_answered_tells_nobody(office: Office) -> None:
    at = datetime(2099, 3, 1, 12, tzinfo=UTC)
    form = {"statementId": str(coded_id(REGION, "statement", "form")), "organisationId": str(person_id("acme"))}

    async def heard(sequence: int, **said: Any) -> None:
        data = StatementIssued.model_validate({**form, "deadline": "2099-03-22", **said})
        event = Received("funding.events", 0, 0, at, None, None, {}, str(new_id()), time=at, sequence=sequence)
        async with office.planning.database.transaction(REGION) as tx:
            await tell_statement(lambda: at, tx, event, data)

    async def reminders() -> list[int]:
        return [row["days_before"] for row in await office.planning.rows("reminders", "due_at")]

    await heard(1)
    assert await reminders() == [14, 3]
    await heard(2, remindDaysBefore=[10, 1])
    assert await reminders() == [10, 1]
    assert len(await office.planning.rows("tellings", "telling_id")) == 2
    async with office.planning.database.transaction(REGION) as tx:
        await commands.answer_statements(tx, person_id("acme"), coded_id(REGION, "statement", "form"))
    await heard(3, deadline="2099-04-22", answered=True)
    assert await reminders() == []
    assert len(await office.planning.rows("tellings", "telling_id")) == 2
