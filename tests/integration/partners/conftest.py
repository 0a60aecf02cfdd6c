"""Partners with its doors open, for each test anew."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.partners.doors import Partners, open_doors
from tests.support.servers import DatabaseFor


@pytest.fixture
async def partners(database_for: DatabaseFor) -> AsyncIterator[Partners]:
    async with open_doors((await database_for("partners")).app_url) as opened:
        yield opened
