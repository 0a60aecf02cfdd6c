"""Funding asks partners for a standing, over real doors on both sides: a "no" counts if no pledge is newer than it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

import pytest

from runtime.auth import ServiceTokens
from runtime.event import Context
from runtime.postgres import Database
from runtime.rpc import Client
from runtime.settings import Settings
from services.funding.clients import PledgeNotHeard, Standings
from services.funding.commands.pledges import put_pledge
from services.funding.domain.pledge import Promised
from services.funding.domain.programme import Programme, ProgrammeLine
from services.funding.handlers.intake import Intake
from services.partners.commands.pledges import keep_pledges
from services.partners.store.standing import HeardPledge
from tests.integration.partners.doors import REGION, Partners, an_organisation, open_doors
from tests.integration.partners.region import CONSORTIUM, circulated, founded, put, signed
from tests.support.funding_intake import AT, END, KEYS, START, Books, a_record, an_arrival
from tests.support.servers import DatabaseFor

PLEDGED_DAY, LATER_DAY = "2023-05-02", "2023-11-01"
SPRING = (date(2023, 1, 1), date(2023, 6, 30))


class Tokens(ServiceTokens):
    """The token that the doors of these tests read a service's role from."""

    def __init__(self) -> None:
        super().__init__(Settings())

    async def token(self) -> str:
        return f"service {REGION}"


@dataclass
class Sides:
    """Acme is known on both sides and stands on no ground; only funding knows of its pledge for the spring."""

    partners: Partners
    books: Books
    intake: Intake

    async def pledge(self) -> None:
        lines = {line: ProgrammeLine(line, "spearhead", line, True) for line in ("robotisering", "metaal")}
        async with self.books.database.transaction(REGION, Context(actor="test")) as tx:
            await put_pledge(
                tx,
                "first",
                an_organisation("acme"),
                None,
                START,
                *SPRING,
                [Promised("robotisering", 600, 0)],
                Programme(START, END, lines),
                at=AT,
            )

    async def hears(self) -> None:
        """Partners hears of the pledge."""
        heard = HeardPledge(REGION, REGION, an_organisation("acme"), *SPRING, 1)
        async with self.partners.database.transaction(REGION, Context(actor="test")) as tx:
            await keep_pledges(tx, [heard], {}, AT)

    async def stands(self, day: str) -> bool:
        """Whether a record of this day would be booked, as far as standing goes."""
        (answer,) = (await self.intake.ask([an_arrival(a_record(day=day))])).values()
        return answer


@pytest.fixture
async def sides(database_for: DatabaseFor) -> AsyncIterator[Sides]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=3)
    books = await Books(database).found("acme")
    await books.no_standing()
    async with open_doors((await database_for("partners")).app_url) as partners:
        await founded(partners, "acme")
        client = Client(partners.grpc, "partners", Tokens())
        yield Sides(partners, books, Intake(database, Standings(client), KEYS))
        await client.close()
    await database.close()


async def test_nothing_is_refused_on_an_answer_that_is_older_than_the_pledge(sides: Sides) -> None:
    assert await sides.stands(PLEDGED_DAY) is False
    await sides.pledge()
    with pytest.raises(PledgeNotHeard):
        await sides.stands(PLEDGED_DAY)
    assert await sides.stands(LATER_DAY) is False  # no pledge for that day: the answer is as new as can be
    await sides.hears()
    assert await sides.stands(PLEDGED_DAY) is True


async def test_a_pledge_that_was_heard_and_does_not_suffice_refuses_at_once(sides: Sides) -> None:
    """Also when another ground, that does not suffice either, is named before it."""
    await signed(sides.partners, "acme", await circulated(sides.partners, "acme"))
    await put(sides.partners, "/v1/consortia/sto-test", {**CONSORTIUM, "standingPolicy": ["umbrella"]})
    await sides.pledge()
    with pytest.raises(PledgeNotHeard):
        await sides.stands(PLEDGED_DAY)
    await sides.hears()
    assert await sides.stands(PLEDGED_DAY) is False
