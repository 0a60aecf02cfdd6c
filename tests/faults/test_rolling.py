"""A rolling restart of two services with one process each; `make faults ROLLING=1`: of all five with two each."""

import pytest

from tests.faults.replicas import Doubled
from tests.faults.rolling import run


@pytest.mark.timeout(180)
async def test_a_rolling_restart_under_load_loses_nothing_doubles_nothing_and_fails_no_request() -> None:
    told: list[str] = []
    async with Doubled(("partners", "funding"), each=1) as world:
        wrong = await run(world, 1, told.append)
        assert wrong == [], "\n".join([*told, *wrong])
        assert sorted(world.rolled) == ["funding", "partners"]
