"""The determination of a grant: what of it is proved, what a shortfall takes off, and what is reclaimed.

    determined = the proved part of the grant - what the shortfall takes off
    reclaimed  = what was received above what is determined
    payable    = what is determined above what was received

The shortfall is what the counted co-financing lacks of what the scheme requires under the decided base; the scheme's
reclaim rule says what it takes off. While the base is undecided every reading is shown and nothing is determined.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain.finder_wording import base_text, money
from services.funding.domain.grant import Grant
from services.funding.domain.ledger import RECEIVABLE, RECLAIMED, REDUCED, Posting
from services.funding.domain.scheme import (
    Base,
    Cofinancing,
    DecidedBase,
    Reclaim,
    Rule,
    cofinancing_on,
    half_up,
    in_force,
    required_cents,
    terms_on,
)
from services.funding.events.subsidy import DeterminationProposed, GrantDetermined


class BaseUndecided(Problem, kind=Kind.CONFLICT):
    """The base of the co-financing of scheme '{scheme}' is undecided: {readings}. Propose a decision on the base, have
    a second person decide it, and propose the determination again."""


class NoReclaimRule(Problem, kind=Kind.CONFLICT):
    """Scheme '{scheme}' does not say what a co-financing shortfall takes off the subsidy. Record its reclaim rule, with
    the source."""


class GrantAlreadyDetermined(Problem, kind=Kind.CONFLICT):
    """Grant '{grant}' was determined on {day}; nothing is added to it or determined again."""


class DeterminationOutdated(Problem, kind=Kind.CONFLICT):
    """Since this was proposed the grant, what was received, the contributions or the rules changed. Propose the
    determination again, and approve that."""


class DeterminationNotProposed(Problem, kind=Kind.CONFLICT):
    """This determination is {state}; only the last one proposed can be approved."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the determination rests on, in cents: the grant as supplemented, what was received, the subsidised costs
    that are proved, the costs of the whole project when known, and the co-financing that counts."""

    grant_cents: int
    received_cents: int
    proved_cents: int
    counted_cents: int
    costs_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What follows under one reading of the base. All in cents."""

    base: Base
    required_cents: int
    shortfall_cents: int
    unproved_cents: int
    reduction_cents: int
    determined_cents: int
    reclaimed_cents: int
    payable_cents: int

    def sentences(self, currency: str = "EUR") -> Mapping[str, str]:
        """How it came about, in Dutch and in English."""
        nl, en = (
            {
                name: money(getattr(self, f"{name}_cents"), currency)[language]
                for name in ("unproved", "required", "shortfall", "reduction", "determined", "reclaimed", "payable")
            }
            for language in (0, 1)
        )
        base = base_text(self.base)
        return {
            "nl": f"Niet verantwoord {nl['unproved']}. Vereiste cofinanciering {nl['required']} {base[0]}, tekort"
            f" {nl['shortfall']}, dat kost {nl['reduction']}. Vastgesteld {nl['determined']}; terug te betalen"
            f" {nl['reclaimed']}, nog te ontvangen {nl['payable']}.",
            "en": f"Not proved {en['unproved']}. Required co-financing {en['required']} {base[1]}, short"
            f" {en['shortfall']}, which costs {en['reduction']}. Determined {en['determined']}; reclaimed"
            f" {en['reclaimed']}, still to be received {en['payable']}.",
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """What the scheme says of it on the grant's first day, as far as known, and by which rules."""

    cofinancing: Cofinancing
    reclaim: Reclaim
    rules: tuple[str, ...] = ()


def asked_by(scheme: str, rules: Iterable[Rule], day: date, known_at: date) -> Asked:
    """The rules that a determination takes. A scheme without co-financing asks none. Raises NoReclaimRule."""
    known = tuple(rules)
    cofinancing = cofinancing_on(known, day, known_at)
    if cofinancing is None:
        return Asked(Cofinancing(0, Base.OF_SUBSIDY), Reclaim("none"))
    reclaim = terms_on(known, Reclaim, day, known_at)
    if reclaim is None:
        raise NoReclaimRule(scheme=scheme)
    taken = (Cofinancing, DecidedBase, Reclaim)
    rules_taken = (rule.code for rule in in_force(known, day, known_at) if isinstance(rule.terms, taken))
    return Asked(cofinancing, reclaim, tuple(rules_taken))


def results(shown: Shown, asked: Asked) -> tuple[Result, ...]:
    """What would be determined, under every reading of the base that is still possible."""
    proved = min(shown.proved_cents, shown.grant_cents)
    found = []
    for base, required in required_cents(shown.grant_cents, asked.cofinancing, shown.costs_cents).items():
        shortfall = max(0, required - shown.counted_cents)
        reduction = min(proved, _taken_off(asked.reclaim, proved, shortfall, required))
        determined = proved - reduction
        found.append(
            Result(
                base,
                required,
                shortfall,
                shown.grant_cents - proved,
                reduction,
                determined,
                max(0, shown.received_cents - determined),
                max(0, determined - shown.received_cents),
            )
        )
    return tuple(found)


def _taken_off(reclaim: Reclaim, proved: int, shortfall: int, required: int) -> int:
    match reclaim.shortfall:
        case "cent-for-cent":
            return shortfall
        case "proportional":
            return half_up(proved * shortfall, required) if required else 0
        case "none":
            return 0


@dataclass(frozen=True, slots=True)
class Determination:
    """What one person proposes to determine and another approves: the figures it rests on, and what follows."""

    id: UUID
    grant_id: UUID
    grant: str
    number: int
    shown: Shown
    result: Result
    rules: tuple[str, ...]
    reason: str
    evidence: str
    proposed_by: UUID
    proposed_at: datetime
    state: Literal["proposed", "determined"] = "proposed"
    approved_by: UUID | None = None
    approved_at: datetime | None = None
    determined_on: date | None = None
    version: int = 0

    def propose(self) -> tuple["Determination", tuple[DeterminationProposed, ...]]:
        """This determination, proposed."""
        fact = DeterminationProposed(
            determination_id=self.id,
            grant_id=self.grant_id,
            code=self.grant,
            number=self.number,
            base=self.result.base,
            determined_cents=self.result.determined_cents,
            reclaimed_cents=self.result.reclaimed_cents,
            payable_cents=self.result.payable_cents,
            proposed_by=self.proposed_by,
        )
        return replace(self, version=1), (fact,)

    def approve(
        self, shown: Shown, now: Sequence[Result], last_number: int, by: UUID, at: datetime, day: date
    ) -> tuple["Determination", tuple[GrantDetermined, ...]]:
        """This determination, made by a second person on a day of the region, when all is as it was proposed.

        Raises DeterminationNotProposed, SamePerson and DeterminationOutdated.
        """
        if self.state != "proposed" or last_number != self.number:
            raise DeterminationNotProposed(state=self.state if self.state != "proposed" else "overtaken")
        if by == self.proposed_by:
            raise SamePerson(what="A determination", do="approve it")
        if tuple(now) != (self.result,) or shown != self.shown:
            raise DeterminationOutdated()
        made = replace(
            self, state="determined", approved_by=by, approved_at=at, determined_on=day, version=self.version + 1
        )
        fact = GrantDetermined(
            determination_id=self.id,
            grant_id=self.grant_id,
            code=self.grant,
            base=self.result.base,
            proved_cents=shown.proved_cents,
            unproved_cents=self.result.unproved_cents,
            shortfall_cents=self.result.shortfall_cents,
            determined_cents=self.result.determined_cents,
            reclaimed_cents=self.result.reclaimed_cents,
            payable_cents=self.result.payable_cents,
            determined_on=day,
            approved_by=by,
        )
        return made, (fact,)

    def refuse_more(self) -> None:
        """Nothing is added to a grant that was determined. Raises GrantAlreadyDetermined."""
        raise GrantAlreadyDetermined(grant=self.grant, day=self.determined_on)

    def postings(self) -> tuple[Posting, ...]:
        """What it does to the books: the award is reduced, off what was still due and onto what is to be paid back.

        Empty when the whole grant is determined.
        """
        reduced = self.shown.grant_cents - self.result.determined_cents
        off_receivable = reduced - self.result.reclaimed_cents
        sides = (
            Posting(REDUCED, reduced),
            Posting(RECEIVABLE, -off_receivable),
            Posting(RECLAIMED, -self.result.reclaimed_cents),
        )
        return tuple(posting for posting in sides if posting.cents)


def decided_result(grant: Grant, asked: Asked, found: Sequence[Result]) -> Result:
    """The one result there is. Raises BaseUndecided, with what each reading would reclaim."""
    if asked.cofinancing.base is None and len(found) > 1:
        said = "; ".join(
            f"{each.base} determines {each.determined_cents} cents and reclaims {each.reclaimed_cents}"
            for each in found
        )
        raise BaseUndecided(scheme=grant.scheme, readings=said)
    return found[0]
