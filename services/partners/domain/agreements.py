"""An agreement of many parties: draft, circulated, signed party by party, and in force when all that count have signed.

Its validity is the days it is about. The signing window is apart from that: a covenant for 2020-2023 is signed in 2019.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from runtime.event import Fact
from runtime.problems import Kind, NotFound, Problem
from services.partners.domain.periods import Period, PeriodBackwards
from services.partners.events import AgreementCirculated, AgreementEnteredIntoForce, AgreementSigned


class PartyTwice(Problem, kind=Kind.INVALID):
    """An organisation is named as a party twice. Name it once."""


class FieldTwice(Problem, kind=Kind.INVALID):
    """Two fields have the key {key}. Give one of them another."""


class NobodyCounts(Problem, kind=Kind.CONFLICT):
    """No party counts for the entry into force, so it could never be in force. Let at least one count."""


class TextFixed(Problem, kind=Kind.CONFLICT):
    """This agreement was circulated, so its text, parties and days are fixed. Draw up another under its own code."""


class NotCirculated(Problem, kind=Kind.CONFLICT):
    """This agreement is still a draft. Circulate it first; then it can be signed."""


class FieldUnknown(Problem, kind=Kind.INVALID):
    """This agreement has no field with the key {key}. Leave it out, or mend the key."""


class FieldsSigned(Problem, kind=Kind.CONFLICT):
    """This party has signed, so what it filled in is fixed."""


class FieldsEmpty(Problem, kind=Kind.CONFLICT):
    """This party cannot sign yet: it has to fill in {labels}."""


class TextDiffers(Problem, kind=Kind.CONFLICT):
    """The text that was signed is not the text that was circulated. Read the agreement again and sign what it says."""


class OutsideSigningWindow(Problem, kind=Kind.CONFLICT):
    """Signing is possible {window}. Choose a day in that window, or ask the programme office."""


class SignedInFuture(Problem, kind=Kind.INVALID):
    """The day of signing has yet to come. Sign on the day itself."""


class AlreadySigned(Problem, kind=Kind.CONFLICT):
    """This party has signed already, and a signature is not changed."""


class AgreementState(StrEnum):
    """How far an agreement is."""

    DRAFT = "draft"
    CIRCULATED = "circulated"
    IN_FORCE = "in-force"


class PartyRole(StrEnum):
    """As what an organisation signs; only a party gets standing by it."""

    PARTY = "party"
    WITNESS = "witness"
    SUPPORTER = "supporter"


@dataclass(frozen=True, slots=True)
class Blank:
    """A field that each party fills in for itself."""

    key: str
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for a party, on which day and where."""

    person_id: UUID
    signed_on: date
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation that signs. `counts`: the agreement waits for it before it is in force."""

    organisation_id: UUID
    role: PartyRole = PartyRole.PARTY
    counts: bool = True
    filled_in: tuple[tuple[str, str], ...] = ()
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement with its parties. Raises PartyTwice, FieldTwice and PeriodBackwards (of the signing window)."""

    id: UUID
    code: str
    title: str
    text: str
    validity: Period
    sign_from: date | None
    sign_until: date | None
    blanks: tuple[Blank, ...]
    parties: tuple[Party, ...]
    state: AgreementState = AgreementState.DRAFT
    in_force_since: date | None = None
    version: int = 0

    def __post_init__(self) -> None:
        if self.sign_from and self.sign_until and self.sign_until < self.sign_from:
            raise PeriodBackwards(first_day=self.sign_from, last_day=self.sign_until)
        if len({each.organisation_id for each in self.parties}) < len(self.parties):
            raise PartyTwice()
        keys = [each.key for each in self.blanks]
        for key in keys:
            if keys.count(key) > 1:
                raise FieldTwice(key=key)

    @property
    def text_hash(self) -> str:
        """SHA-256 of the text in UTF-8, in hexadecimal: what a party says it signs."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def counting(self) -> int:
        """How many parties have to sign before it is in force."""
        return sum(each.counts for each in self.parties)

    @property
    def counting_signed(self) -> int:
        """How many of those have signed."""
        return sum(each.counts and each.signature is not None for each in self.parties)

    def party(self, organisation_id: UUID) -> Party:
        """One of its parties. Raises NotFound."""
        for each in self.parties:
            if each.organisation_id == organisation_id:
                return each
        raise NotFound(what="party of this agreement")

    def put(self, wanted: "Agreement") -> "Agreement | None":
        """This draft as wanted, with what its parties filled in so far; None when it is so already.

        Raises TextFixed when it was circulated and something differs.
        """
        if self._described() == wanted._described():
            return None
        if self.state is not AgreementState.DRAFT:
            raise TextFixed()
        keys = {each.key for each in wanted.blanks}
        filled_in = {
            each.organisation_id: tuple((key, value) for key, value in each.filled_in if key in keys)
            for each in self.parties
        }
        parties = (replace(each, filled_in=filled_in.get(each.organisation_id, ())) for each in wanted.parties)
        return replace(wanted, parties=tuple(parties), version=self.version)

    def circulate(self) -> tuple["Agreement", tuple[Fact, ...]]:
        """Fixes the text and lays it before the parties; no facts when that was done before. Raises NobodyCounts."""
        if self.state is not AgreementState.DRAFT:
            return self, ()
        if not self.counting:
            raise NobodyCounts()
        fact = AgreementCirculated(
            agreement_id=self.id,
            code=self.code,
            title=self.title,
            text_hash=self.text_hash,
            sign_until=self.sign_until,
            parties=tuple(each.organisation_id for each in self.parties),
        )
        return replace(self, state=AgreementState.CIRCULATED), (fact,)

    def fill_in(self, organisation_id: UUID, values: Mapping[str, str]) -> "Agreement | None":
        """What a party fills in, in place of what it did before; None when that is the same.

        Raises NotFound, FieldUnknown and, when it differs, FieldsSigned.
        """
        party = self.party(organisation_id)
        for key in values:
            if all(each.key != key for each in self.blanks):
                raise FieldUnknown(key=key)
        filled_in = tuple(sorted((key, value) for key, value in values.items() if value.strip()))
        if filled_in == party.filled_in:
            return None
        if party.signature is not None:
            raise FieldsSigned()
        return self._with(replace(party, filled_in=filled_in))

    def sign(
        self, organisation_id: UUID, signature: Signature, *, text_hash: str, today: date
    ) -> tuple["Agreement", tuple[Fact, ...]]:
        """One party signs; the last that counts brings it into force. No facts when this very signature is there.

        Raises NotFound, NotCirculated, TextDiffers, AlreadySigned, SignedInFuture, OutsideSigningWindow, FieldsEmpty.
        """
        party = self.party(organisation_id)
        if self.state is AgreementState.DRAFT:
            raise NotCirculated()
        if text_hash != self.text_hash:
            raise TextDiffers()
        if party.signature == signature:
            return self, ()
        self._check_signing(party, signature.signed_on, today)
        signed = self._with(replace(party, signature=signature))
        facts: list[Fact] = [
            AgreementSigned(
                agreement_id=self.id,
                code=self.code,
                organisation_id=organisation_id,
                signed_on=signature.signed_on,
                signed=signed.counting_signed,
                of=signed.counting,
            )
        ]
        if signed.state is AgreementState.CIRCULATED and signed.counting_signed == signed.counting:
            days = [each.signature.signed_on for each in signed.parties if each.counts and each.signature]
            signed = replace(signed, state=AgreementState.IN_FORCE, in_force_since=max(days))
            facts.append(signed._entered_into_force(max(days)))
        return signed, tuple(facts)

    def _check_signing(self, party: Party, signed_on: date, today: date) -> None:
        if party.signature is not None:
            raise AlreadySigned()
        if signed_on > today:
            raise SignedInFuture()
        if (self.sign_from and signed_on < self.sign_from) or (self.sign_until and signed_on > self.sign_until):
            window = " ".join(
                f"{word} {day}" for word, day in (("from", self.sign_from), ("until", self.sign_until)) if day
            )
            raise OutsideSigningWindow(window=window)
        there = {key for key, _ in party.filled_in}
        if empty := [each.label for each in self.blanks if each.required and each.key not in there]:
            raise FieldsEmpty(labels=", ".join(empty))

    def _entered_into_force(self, since: date) -> AgreementEnteredIntoForce:
        assert self.validity.last is not None
        return AgreementEnteredIntoForce(
            agreement_id=self.id,
            code=self.code,
            since=since,
            first_day=self.validity.first,
            last_day=self.validity.last,
            parties=tuple(
                each.organisation_id for each in self.parties if each.role is PartyRole.PARTY and each.signature
            ),
        )

    def _with(self, party: Party) -> "Agreement":
        return replace(
            self,
            parties=tuple(party if each.organisation_id == party.organisation_id else each for each in self.parties),
        )

    def _described(self) -> "Agreement":
        """What was drawn up, without what happened to it since."""
        return replace(
            self,
            state=AgreementState.DRAFT,
            in_force_since=None,
            version=0,
            parties=tuple(replace(each, filled_in=(), signature=None) for each in self.parties),
        )
