"""What became of what an organisation contributed, over HTTP, for its own people: a company without a system too."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict

from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.promising import codes_of, named
from services.funding.api.speaking import READ
from services.funding.commands.booking import told
from services.funding.domain.contribution import SchoolWord
from services.funding.domain.fate import SENTENCES, Fate, State, Step
from services.funding.events import ReceiptReason
from services.funding.store import fates as store
from services.funding.store import periods

router = APIRouter(prefix="/v1", tags=["contributions"])
Reader = Annotated[Call, may("company", scope=READ, others=Others.HIDDEN)]


class StepView(ApiModel):
    """What its organisation can do now, or waits for, in words."""

    code: Step
    message: dict[str, str]


class OwnContributionView(ApiModel):
    """A contribution of one's own organisation and what became of it.

    Sent by a system (`sender`, `recordId`), declared by hand (`draftId`), or a lesson that a school confirmed.
    `outcome`: what came of a record at first; `state`: what it is now. `reasons`: why it was held, refused or rejected,
    kept when a person let it count since. `settledBy`: the record that replaced it or took it back; what would take
    back another (`withdraws`) is here as long as it did not. `steps`: what to do, or to wait for.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0197a3f2-6b1c-7d3e-9f00-000000000007",
                    "organisation": "acme",
                    "sender": "by_hand",
                    "recordId": "draft-0197a3f2-6b1c-7d3e-9f00-000000000008",
                    "draftId": "0197a3f2-6b1c-7d3e-9f00-000000000009",
                    "receivedAt": "2023-06-01T10:00:00Z",
                    "line": "robotisering",
                    "day": "2023-05-02",
                    "kind": "hours",
                    "outcome": "booked",
                    "state": "rejected",
                    "schoolWord": None,
                    "reasons": [
                        {
                            "code": "less-delivered",
                            "field": None,
                            "suggestion": None,
                            "message": {
                                "nl": "2 u 15 op 2 mei voor 'robotisering': er is minder geleverd dan is opgegeven.",
                                "en": "2 h 15 on 2 May for 'robotisering': less was delivered than was declared.",
                            },
                        }
                    ],
                    "settledBy": None,
                    "withdraws": None,
                    "contributionId": "0197a3f2-6b1c-7d3e-9f00-000000000010",
                    "minutes": 135,
                    "valueCents": 11_250,
                    "rule": "rate-hours",
                    "steps": [
                        {
                            "code": "mend-draft",
                            "message": {"nl": SENTENCES["mend-draft"][0], "en": SENTENCES["mend-draft"][1]},
                        }
                    ],
                }
            ]
        }
    )

    id: UUID
    organisation: str
    sender: str | None
    record_id: str | None
    draft_id: UUID | None
    received_at: datetime | None
    line: str | None
    day: str | None
    kind: str | None
    outcome: str | None
    state: State
    school_word: SchoolWord | None
    reasons: tuple[ReceiptReason, ...]
    settled_by: str | None
    withdraws: str | None
    contribution_id: UUID | None
    minutes: int | None
    value_cents: int | None
    rule: str | None
    steps: tuple[StepView, ...]

    @classmethod
    def of(cls, found: Fate, code: str, closed_until: date | None) -> "OwnContributionView":
        same = {
            name: getattr(found, name) for name in cls.model_fields if name not in ("organisation", "reasons", "steps")
        }
        steps = tuple(
            StepView(code=each, message={"nl": SENTENCES[each][0], "en": SENTENCES[each][1]})
            for each in found.steps(closed_until)
        )
        return cls(**same, organisation=code, reasons=told(found.reasons), steps=steps)


@router.get("/own-contributions")
async def list_own_contributions(
    call: Reader,
    paging: Annotated[PageQuery, Depends()],
    state: Annotated[State | None, Query(description="Only those that are this now")] = None,
    organisation: Annotated[str | None, Query(max_length=100, description="Code, or registry number")] = None,
) -> Page[OwnContributionView]:
    """What one's own organisations sent, declared by hand or gave as a lesson, by id, and what became of each."""
    try:
        after = UUID(paging.after[0]) if paging.after else store.NO_ID
    except ValueError:
        raise CursorUnreadable from None

    async def find(tx: Tx) -> list[OwnContributionView]:
        own = call.actor.organisations
        if organisation is not None:
            own &= {await named(tx, organisation)} - {None}
        return await _views(tx, await store.fates(tx, own, state, after, paging.limit + 1))

    return paging.page(await call.read(find), lambda view: view, lambda view: [view.id])


@router.get("/own-contributions/{id}")
async def read_own_contribution(id: UUID, call: Reader) -> OwnContributionView:
    """One contribution of one's own organisation, and what became of it."""

    async def find(tx: Tx) -> OwnContributionView:
        found = await store.one(tx, id, call.actor.organisations)
        if found is None:
            raise NotFound(what="contribution of your organisation")
        return (await _views(tx, [found]))[0]

    return await call.read(find)


async def _views(tx: Tx, found: list[Fate]) -> list[OwnContributionView]:
    codes = await codes_of(tx, {each.organisation_id for each in found})
    closed = max((each.until for each in await periods.closings(tx)), default=None)
    return [OwnContributionView.of(each, codes[each.organisation_id], closed) for each in found]
