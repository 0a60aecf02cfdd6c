"""The schemes that ship with the service, read from their files when first asked for."""

import json
from functools import cache
from pathlib import Path
from uuid import UUID

from services.funding.api.scheme_terms import SchemeBody
from services.funding.domain.scheme import Rule, Scheme

FOLDER = Path(__file__).resolve().parents[1] / "schemes"


@cache
def schemes() -> tuple[Scheme, ...]:
    """Every file in `schemes/`, in order of code. Raises pydantic.ValidationError when a file is not a scheme."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        body = SchemeBody.model_validate(json.loads(path.read_text(encoding="utf-8")))
        rules: tuple[Rule, ...] = tuple(rule.rule() for rule in body.rules)
        found.append(Scheme(UUID(int=0), path.stem, body.title, rules))
    return tuple(found)
