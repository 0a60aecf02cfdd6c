"""How telling one person can end, and what that means for telling them again."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from runtime.event import Fact
from services.notifications.events import NoticeFailed, NoticeSent, NoticeSuppressed

TOLD_BEFORE = "told-before"


class NoticeState(StrEnum):
    """Claimed before it is sent; then sent, surely not sent, nobody knows, or not sent on purpose."""

    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Sent:
    """The mail server took it."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """It surely was not sent, and may be when it is tried again. `away`: nothing can be sent just now."""

    code: str
    away: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The mail server will not take it."""

    code: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The mail server went away while it took it: nobody knows, so it is not sent again."""

    code: str


Outcome = Sent | NotSent | Failed | Uncertain


@dataclass(frozen=True, slots=True)
class Notice:
    """One person, told one occasion over one channel. Knows no name and no address."""

    id: UUID
    occasion_id: UUID
    person_id: UUID
    channel: str
    template: str
    language: str
    milestone_id: UUID | None
    state: NoticeState
    code: str | None
    claimed_at: datetime
    decided_at: datetime | None
    duplicates: int = 0
    version: int = 0

    def suppressed(self, code: str, at: datetime) -> tuple["Notice", Fact]:
        """Not sent, on purpose."""
        new = replace(self, state=NoticeState.SUPPRESSED, code=code, decided_at=at)
        return new, self._suppressed_fact(code)

    def told_before(self) -> Fact:
        """Somebody was about to be told this again. What came of the first time stays as it is."""
        return self._suppressed_fact(TOLD_BEFORE)

    def settled(self, outcome: Sent | Failed, at: datetime) -> tuple["Notice", Fact]:
        """How sending ended, when that is known."""
        match outcome:
            case Sent():
                fact: Fact = NoticeSent(
                    notice_id=self.id,
                    occasion_id=self.occasion_id,
                    person_id=self.person_id,
                    template=self.template,
                    channel=self.channel,
                    milestone_id=self.milestone_id,
                )
                return replace(self, state=NoticeState.SENT, code=None, decided_at=at), fact
            case Failed(code=code):
                fact = NoticeFailed(
                    notice_id=self.id,
                    occasion_id=self.occasion_id,
                    person_id=self.person_id,
                    template=self.template,
                    channel=self.channel,
                    milestone_id=self.milestone_id,
                    code=code,
                )
                return replace(self, state=NoticeState.FAILED, code=code, decided_at=at), fact

    def uncertain(self, code: str, at: datetime) -> "Notice":
        """Nobody knows whether it was sent: it is shown to a person, and not sent again."""
        return replace(self, state=NoticeState.UNKNOWN, code=code, decided_at=at)

    def _suppressed_fact(self, code: str) -> NoticeSuppressed:
        return NoticeSuppressed(
            notice_id=self.id,
            occasion_id=self.occasion_id,
            person_id=self.person_id,
            template=self.template,
            channel=self.channel,
            milestone_id=self.milestone_id,
            reason=code,
        )
