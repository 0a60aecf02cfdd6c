"""What two versions of a division give otherwise, over HTTP."""

import json
from typing import Any
from uuid import uuid4

from tests.support.funding_door import PLAN, Door
from tests.support.funding_door import door as door


def a_plan_with(instroom: int) -> Any:
    plan = json.loads(json.dumps(PLAN))
    plan["envelopes"][0]["lines"][0]["fixedCents"] = instroom
    plan["envelopes"][1]["lines"].pop()
    return plan


async def test_a_difference_names_only_lines_that_differ_and_sums_to_what_the_grant_grew(door: Door) -> None:
    first = (await door.set_up()).json()
    second = (await door.ask("PUT", "/allocations/verdeling", a_plan_with(50_000_004))).json()
    found = (await door.ask("GET", f"/allocations/{second['id']}/differences?with={first['id']}")).json()
    changes = {each["line"]: each["changeCents"] for each in found["lines"]}
    gone = next(each for each in found["lines"] if each["line"] == "het-element")
    assert (gone["afterCents"], gone["beforeEnvelope"], gone["afterEnvelope"]) == (0, "locations", "")
    assert changes["instroom"] == 4
    assert sum(changes.values()) == found["grantChangeCents"] == 0
    assert {line["line"] for line in first["lines"]} - changes.keys() == {"unallocated"}
    back = (await door.ask("GET", f"/allocations/{first['id']}/differences?with={second['id']}")).json()
    assert {each["line"]: -each["changeCents"] for each in back["lines"]} == changes
    same = (await door.ask("GET", f"/allocations/{first['id']}/differences?with={first['id']}")).json()
    assert same["lines"] == []


async def test_a_version_of_nowhere_or_of_the_neighbours_is_not_compared(door: Door) -> None:
    first = (await door.set_up()).json()["id"]
    path = f"/allocations/{first}/differences?with="
    assert (await door.ask("GET", f"{path}{uuid4()}")).status_code == 404
    assert (await door.ask("GET", f"{path}{first}", at=uuid4())).status_code == 404
    assert (await door.ask("GET", f"/allocations/{first}/differences")).status_code == 400
