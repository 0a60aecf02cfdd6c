"""People of the story at a real Keycloak: made by its administrator, signed in by password, gone with the story.

The realm has no client that takes passwords. This makes one, which calls a person by name where others give an id, and
removes it again.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import httpx2

CLIENT = "story"
ATTRIBUTES = ("consortia", "organisations", "sender")


class People:
    """The administrator of the realm `speerpunt` at this address."""

    def __init__(self, client: httpx2.AsyncClient, address: str, password: str) -> None:
        self._client, self._address, self._password = client, address, password
        self._admin = f"{address}/admin/realms/speerpunt"
        self._roles: dict[str, dict[str, Any]] = {}
        self._passwords: dict[str, tuple[str, str]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._token, self._until = "", 0.0

    async def open(self) -> None:
        """Makes the client that takes passwords. Raises httpx2.HTTPStatusError when Keycloak refuses."""
        self._roles = {each["name"]: each for each in await self._ask("GET", "/roles")}
        await self._remove_client()
        scopes = [each["name"] for each in await self._ask("GET", "/client-scopes")]
        config = {"access.token.claim": "true", "id.token.claim": "false", "jsonType.label": "String"}
        name = {
            "name": "name",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-usermodel-attribute-mapper",
            "config": {**config, "user.attribute": "username", "claim.name": "sub"},
        }
        client = {
            "clientId": CLIENT,
            "publicClient": True,
            "standardFlowEnabled": False,
            "directAccessGrantsEnabled": True,
            "attributes": {"access.token.lifespan": "3600"},
            "defaultClientScopes": [each for each in scopes if each == "speerpunt" or ":" in each],
            "protocolMappers": [name],
        }
        await self._ask("POST", "/clients", client)

    async def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """An access token of the person with this name, who now has these roles, regions and organisations."""
        async with self._locks.setdefault(subject, asyncio.Lock()):
            await self._put(subject, claims)
            form = {"grant_type": "password", "client_id": CLIENT, "username": subject}
            return await self._sign_in("speerpunt", {**form, "password": self._passwords[subject][1]})

    async def close(self) -> None:
        """Removes the people and the client."""
        for user, _ in self._passwords.values():
            await self._ask("DELETE", f"/users/{user}")
        await self._remove_client()

    async def _put(self, subject: str, claims: Mapping[str, Any]) -> None:
        told = {name: claims.get(name) or [] for name in ATTRIBUTES}
        attributes = {name: [value] if isinstance(value, str) else value for name, value in told.items()}
        person = {"username": subject, "enabled": True, "attributes": attributes}
        if subject not in self._passwords:
            for left in await self._ask("GET", f"/users?exact=true&username={subject}"):
                await self._ask("DELETE", f"/users/{left['id']}")
            password = secrets.token_urlsafe(24)
            await self._ask("POST", "/users", {**person, "credentials": [{"type": "password", "value": password}]})
            found = await self._ask("GET", f"/users?exact=true&username={subject}")
            self._passwords[subject] = (found[0]["id"], password)
        else:
            await self._ask("PUT", f"/users/{self._passwords[subject][0]}", person)
        roles = f"/users/{self._passwords[subject][0]}/role-mappings/realm"
        has = {each["name"] for each in await self._ask("GET", roles)}
        wanted = set(claims.get("roles", ()))
        if over := [self._roles[name] for name in has - wanted if not name.startswith("default-")]:
            await self._ask("DELETE", roles, over)
        if missing := [self._roles[name] for name in wanted - has]:
            await self._ask("POST", roles, missing)

    async def _remove_client(self) -> None:
        for each in await self._ask("GET", f"/clients?clientId={CLIENT}"):
            await self._ask("DELETE", f"/clients/{each['id']}")

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        now = asyncio.get_running_loop().time()
        if now > self._until:
            form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin"}
            self._token = await self._sign_in("master", {**form, "password": self._password})
            self._until = now + 30
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._client.request(method, self._admin + path, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def _sign_in(self, realm: str, form: dict[str, str]) -> str:
        answer = await self._client.post(f"{self._address}/realms/{realm}/protocol/openid-connect/token", data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])
