"""Nothing of a region is forgotten when it is taken away: what an archive holds is read from the databases."""

import importlib
from collections.abc import AsyncIterator

import pytest

from runtime import archive
from runtime.postgres import Database
from tests.support.servers import Databases

ARCHIVED = ("activities", "funding", "notifications", "partners")
"""The dashboard is made of what the others tell."""


@pytest.fixture(params=ARCHIVED)
async def of_service(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[tuple[str, Database]]:
    database = await Database.open((await databases.make(request.param)).app_url, name="test", most=1)
    yield request.param, database
    await database.close()


async def test_every_table_of_a_region_goes_along_in_its_archive_or_is_named_with_the_reason(
    of_service: tuple[str, Database],
) -> None:
    name, database = of_service
    plan: archive.Plan = importlib.import_module(f"services.{name}.archive").PLAN
    taken = [each.name for each in await archive.tables(database.pool, plan)]
    of_regions = {row["name"] for row in await archive.Q.tables.rows(database.pool) if row["of_region"]}
    named = {**archive.OF_THE_RUNTIME, **plan.left_out}
    assert of_regions <= {*taken, *named}
    assert not {*taken} & {*named}
    assert all(named.values())
    assert plan.region in taken
    with pytest.raises(ValueError, match="say whether rows of"):
        await archive.tables(database.pool, archive.Plan(name, left_out=plan.left_out))
