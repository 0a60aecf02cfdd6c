"""Where the co-financing of a region stands, read from its ledger and the rules as known now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from runtime.postgres import Tx
from services.funding.domain.ledger import ACCEPTED, DECLARED, VERIFIED
from services.funding.domain.scheme import Base, cofinancing_on, required_cents
from services.funding.store import grants, ledger, schemes


@dataclass(frozen=True, slots=True)
class Position:
    """Accepted contributions are realised; declared and verified ones are declared. Required under each reading."""

    realised_cents: int
    realised_minutes: int
    declared_cents: int
    promised_cents: int
    required_cents: Mapping[Base, int]


async def position(tx: Tx, known_at: date, promised_cents: int = 0) -> Position:
    """The region's position. A region without grants requires nothing."""
    realised = await ledger.account_balances(tx, ACCEPTED)
    declared = await ledger.account_balances(tx, DECLARED) + await ledger.account_balances(tx, VERIFIED)
    rules = {scheme.code: scheme.rules for scheme in await schemes.schemes(tx)}
    required: Counter[Base] = Counter()
    for grant in await grants.grants(tx):
        asked = cofinancing_on(rules.get(grant.scheme, ()), grant.from_, known_at)
        if asked is not None:
            required.update(required_cents(grant.cents, asked))
    return Position(
        realised_cents=sum(account.cents for account in realised),
        realised_minutes=sum(account.minutes for account in realised),
        declared_cents=sum(account.cents for account in declared),
        promised_cents=promised_cents,
        required_cents=dict(required),
    )
