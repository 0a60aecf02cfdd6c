"""A rolling restart of two services; `make faults ROLLING=1` does it to all five."""

import pytest

from tests.faults.replicas import Doubled
from tests.faults.rolling import run


@pytest.mark.timeout(180)
async def test_a_rolling_restart_under_load_loses_nothing_doubles_nothing_and_fails_no_request() -> None:
    told: list[str] = []
    async with Doubled(("partners", "funding")) as world:
        wrong = await run(world, 1, told.append)
        assert wrong == [], "\n".join([*told, *wrong])
        assert sorted(world.rolled) == ["funding", "funding", "partners", "partners"]
