"""A region with schools that are asked for their word, and how one says it."""

from typing import Any

from services.funding.commands.schemes import put_scheme
from services.funding.domain.scheme import Rule, Terms
from services.funding.store import partners
from services.funding.store.partners import Organisation
from tests.support.funding_intake import AT, RULES, START
from tests.support.intake_door import Door

JAN = "school jan@element"


async def ready(door: Door, *terms: Terms) -> None:
    """A region with two schools, whose scheme says this as well."""
    added = [Rule(f"own-{number}", each, START, START, "the region") for number, each in enumerate(terms)]
    async with door.books.database.transaction(door.books.id) as tx:
        await put_scheme(tx, "sto", "The scheme", (*RULES, *added), at=AT)
        for number, code in enumerate(("element", "park")):
            school = Organisation(door.books.organisation(code), code, code.title(), "vmbo", {"brin": f"0{number}AB"})
            await partners.save_organisation(tx, school, 1)


async def say(door: Door, id: str, word: str = "confirmation", body: Any = None, **more: Any) -> tuple[int, Any]:
    answer = await door.ask("POST", f"/school-verifications/{id}/{word}", body, **{"who": JAN, **more})
    return answer.status_code, answer.json()
