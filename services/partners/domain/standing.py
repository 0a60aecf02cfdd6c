"""Standing: whether an organisation counts as a partner on a day, and why. A pure function of what is on record."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from runtime.problems import Kind, Problem
from services.partners.domain.periods import Period, merged
from services.partners.events import StandingChanged, StandingGround


class PledgeOfStranger(Problem, kind=Kind.INVALID):
    """This pledge is of an organisation that this region never registered, so it can give no standing."""


class Ground(StrEnum):
    """Why an organisation may count as a partner; which of these suffice is the region's policy."""

    PARTY = "party"
    UMBRELLA = "umbrella"
    PLEDGE = "pledge"


@dataclass(frozen=True, slots=True)
class SignedParty:
    """An organisation signed, as a party, an agreement that is in force since a day."""

    organisation_id: UUID
    validity: Period
    in_force_since: date
    signed_on: date

    def period(self) -> Period | None:
        """The days on which it is a party: those of the validity; for who signed later, from the day it signed."""
        if self.signed_on <= self.in_force_since:
            return self.validity
        return self.validity.overlap(Period(self.signed_on))


@dataclass(frozen=True, slots=True)
class Mandate:
    """An umbrella organisation signs for a member on some days."""

    umbrella_id: UUID
    member_id: UUID
    period: Period


@dataclass(frozen=True, slots=True)
class Pledged:
    """An organisation promised to contribute on some days."""

    organisation_id: UUID
    period: Period


@dataclass(frozen=True, slots=True)
class OnRecord:
    """All that standing depends on, in any order."""

    parties: Collection[SignedParty] = ()
    mandates: Collection[Mandate] = ()
    pledges: Collection[Pledged] = ()


@dataclass(frozen=True, slots=True)
class DatedGround:
    """One ground over one period. `through` is the umbrella organisation that signed."""

    ground: Ground
    period: Period
    suffices: bool
    through: UUID | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The standing on one day: the ground that counts (None without any), and whether it suffices."""

    ground: Ground | None
    suffices: bool
    through: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The dated grounds of one organisation, in their one order."""

    organisation_id: UUID
    grounds: tuple[DatedGround, ...] = ()
    version: int = 0

    def on(self, day: date) -> Answer:
        """A ground that suffices when the day has one, else any ground; party before umbrella before pledge."""
        that_day = [each for each in self.grounds if each.period.covers(day)]
        best = next((each for each in that_day if each.suffices), that_day[0] if that_day else None)
        return Answer(best.ground, best.suffices, best.through) if best else Answer(None, False)

    def grounds_on(self, day: date) -> tuple[Ground, ...]:
        """Every ground that it has on that day, each once, whether or not it suffices."""
        return tuple(dict.fromkeys(each.ground for each in self.grounds if each.period.covers(day)))

    def changed(self) -> StandingChanged:
        return StandingChanged(
            organisation_id=self.organisation_id,
            grounds=tuple(
                StandingGround(
                    ground=each.ground.value,
                    first_day=each.period.first,
                    last_day=each.period.last,
                    suffices=each.suffices,
                    through_organisation_id=each.through,
                )
                for each in self.grounds
            ),
        )


def standings(
    organisations: Collection[UUID], on_record: OnRecord, policy: Collection[Ground]
) -> dict[UUID, tuple[DatedGround, ...]]:
    """The grounds of each of these organisations, whatever order the records come in.

    Under an umbrella an organisation stands on the days on which the mandate holds and the umbrella organisation is
    itself a party; an umbrella under an umbrella gives nothing.
    """
    wanted = frozenset(organisations)
    parties: dict[UUID, list[Period]] = defaultdict(list)
    for party in on_record.parties:
        if (period := party.period()) is not None:
            parties[party.organisation_id].append(period)
    found: dict[UUID, dict[tuple[Ground, UUID | None], list[Period]]] = {each: defaultdict(list) for each in wanted}
    for organisation_id in wanted & parties.keys():
        found[organisation_id][Ground.PARTY, None] += parties[organisation_id]
    for mandate in on_record.mandates:
        if mandate.member_id in wanted:
            shared = (mandate.period.overlap(each) for each in parties.get(mandate.umbrella_id, ()))
            found[mandate.member_id][Ground.UMBRELLA, mandate.umbrella_id] += [each for each in shared if each]
    for pledge in on_record.pledges:
        if pledge.organisation_id in wanted:
            found[pledge.organisation_id][Ground.PLEDGE, None].append(pledge.period)
    return {each: _in_order(by_ground, policy) for each, by_ground in found.items()}


_ORDER = tuple(Ground)


def _in_order(
    by_ground: dict[tuple[Ground, UUID | None], list[Period]], policy: Collection[Ground]
) -> tuple[DatedGround, ...]:
    keys: Iterable[tuple[Ground, UUID | None]] = sorted(
        by_ground, key=lambda key: (_ORDER.index(key[0]), str(key[1] or ""))
    )
    return tuple(
        DatedGround(ground, period, ground in policy, through)
        for ground, through in keys
        for period in merged(by_ground[ground, through])
    )
