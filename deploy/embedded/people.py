"""People of the embedded run: a token of its development issuer for anybody, for who knows the run's secret."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2

GRANT = "urn:speerpunt:dev-person"


async def person_token(issuer: str, secret: str, subject: str, claims: Mapping[str, Any]) -> str:
    """An access token of this subject with these claims. Raises httpx2.HTTPStatusError when it is refused."""
    form = {"grant_type": GRANT, "subject": subject, "client_secret": secret, "claims": json.dumps(claims)}
    async with httpx2.AsyncClient(timeout=20) as client:
        answer = await client.post(f"{issuer}/token", data=form)
    answer.raise_for_status()
    return str(answer.json()["access_token"])
