"""What notifications does by itself: telling what is due, and making reminders that are due something to tell.

`run_once` does the work and may run in several processes at once; the loop only ticks.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog

from runtime import closing, ids
from runtime.event import Context
from runtime.postgres import Database
from runtime.problems import NotFound, Problem
from services.notifications.clients import Recipient
from services.notifications.commands import telling as commands
from services.notifications.commands.telling import Scene
from services.notifications.domain.notices import NotSent, Outcome
from services.notifications.domain.telling import INSTALLATION
from services.notifications.letters import LANGUAGES, Letter, Letters
from services.notifications.settings import Settings
from services.notifications.store import copies, notices, tellings
from services.notifications.store.tellings import Due

BATCH = 20
LEASE_SECONDS = 120
MOST_WAIT_SECONDS = 300
ACTOR = Context(actor="notifications")

log = structlog.get_logger()


class Audience(Protocol):
    """Knows the people of an audience."""

    async def people(self, consortium_id: UUID, audience: str, day: date | None) -> list[Recipient]: ...


class Carrier(Protocol):
    """Sends letters."""

    async def send(self, letter: Letter, recipient: Recipient, notice_id: UUID) -> Outcome: ...


def now() -> datetime:
    """The clock of this door."""
    return datetime.now(UTC)


class Sender:
    """Tells what is due: asks who that is, claims each of them, sends, and keeps how it ended."""

    def __init__(
        self, database: Database, audience: Audience, carrier: Carrier, letters: Letters, settings: Settings
    ) -> None:
        self._database = database
        self._audience = audience
        self._carrier = carrier
        self._letters = letters
        self._unknown_after = timedelta(seconds=settings.unknown_after_seconds)
        self._give_up_after = timedelta(seconds=settings.give_up_after_seconds)

    async def run_once(self, at: datetime) -> int:
        """Tells every telling that is due, once; how many letters were handed over or tried.

        First marks claims of which nothing was heard for long as unknown: whoever made them ended in between.
        """
        async with self._database.transaction(await regions(self._database), ACTOR) as tx:
            lost = await notices.lose(tx, at - self._unknown_after, at)
            due = await tellings.lease(tx, at, at + timedelta(seconds=LEASE_SECONDS), BATCH)
        if lost:
            log.warning("notices-unknown", notices=lost)
        tried = 0
        for each in due:
            tried += await self._tell(each, at)
        return tried

    async def _tell(self, due: Due, at: datetime) -> int:
        try:
            async with self._database.transaction(due.consortium_id, _caused_by(due)) as tx:
                scene = await commands.scene(tx, due.telling)
            people = await self._audience.people(due.consortium_id, due.telling.audience, scene.day)
            letters = {each.person_id: self._write(due, scene, each, at) for each in people}
        except NotFound:
            await self._close(due, "given-up", 0, "no-such-audience")
            return 0
        except Problem as problem:
            await self._postpone(due, at, problem.code)
            return 0
        except Exception as error:  # a broken template or a lost connection: said once, and tried again later
            log.error("telling-failed", telling=str(due.telling_id), template=due.telling.template, exc_info=error)
            await self._postpone(due, at, type(error).__name__)
            return 0
        tried, again = 0, ""
        for person in people:
            outcome = await self._tell_one(due, scene, person, letters[person.person_id], at)
            tried += outcome is not None
            if isinstance(outcome, NotSent):
                again = outcome.code
                if outcome.away and not self._is_last(due, at):
                    break
        if again and not self._is_last(due, at):
            await self._postpone(due, at, again)
        else:
            await self._close(due, "told", len(people))
        return tried

    async def _tell_one(
        self, due: Due, scene: Scene, person: Recipient, letter: Letter, at: datetime
    ) -> Outcome | None:
        async with self._database.transaction(due.consortium_id, _caused_by(due)) as tx:
            notice = await commands.claim(
                tx, due, ids.new_id(), person.person_id, letter.language, scene.milestone_id, at
            )
        if notice is None:
            return None
        outcome = await self._carrier.send(letter, person, notice.id)
        async with self._database.transaction(due.consortium_id, _caused_by(due)) as tx:
            await commands.settle(tx, notice, outcome, at, last=self._is_last(due, at))
        return outcome

    def _write(self, due: Due, scene: Scene, person: Recipient, at: datetime) -> Letter:
        language = person.language if person.language in LANGUAGES else scene.region.language
        return self._letters.write(
            due.telling.template,
            language,
            scene.facts,
            name=person.name,
            region=scene.region.name,
            zone=scene.region.zone,
            at=at,
        )

    def _is_last(self, due: Due, at: datetime) -> bool:
        return at - due.added_at > self._give_up_after

    async def _postpone(self, due: Due, at: datetime, cause: str) -> None:
        if self._is_last(due, at):
            await self._close(due, "given-up", 0, cause)
            return
        wait = min(MOST_WAIT_SECONDS, 2 ** min(due.attempts - 1, 10))
        async with self._database.transaction(due.consortium_id, _caused_by(due)) as tx:
            await tellings.postpone(tx, due, at + timedelta(seconds=wait), cause)

    async def _close(self, due: Due, state: str, recipients: int, cause: str | None = None) -> None:
        if cause is not None:
            log.warning("telling-given-up", telling=str(due.telling_id), template=due.telling.template, cause=cause)
        async with self._database.transaction(due.consortium_id, _caused_by(due)) as tx:
            await tellings.close(tx, due, state, recipients, cause)


class Reminders:
    """Makes the reminders that are due something to tell."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_once(self, at: datetime) -> int:
        """Takes every reminder that is due; how many. One transaction for each region."""
        async with self._database.transaction(await regions(self._database), ACTOR) as tx:
            waiting = await tellings.regions_with_reminders(tx, at)
        taken = 0
        for consortium_id in waiting:
            async with self._database.transaction(consortium_id, ACTOR) as tx:
                taken += await commands.remind(tx, at, BATCH)
        return taken


def _caused_by(due: Due) -> Context:
    """What follows belongs to what made it something to tell."""
    return Context(correlation_id=due.correlation_id, causation_id=due.telling.occasion_id, actor="notifications")


async def regions(database: Database) -> frozenset[UUID]:
    """Every region of this installation that is open, and what is of none; their list belongs to no region. What is to
    be told of a closed one waits."""
    async with database.transaction(()) as tx:
        return frozenset({INSTALLATION, *await copies.regions(tx)}) - await closing.closed_ids(tx)
