"""The token checks against a real Keycloak with the realm that is shipped."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest

from cli.compose.people import People
from deploy.secrets.folder import fill
from runtime.auth import Actor, ServiceTokens, TokenChecker, TokenRefused
from runtime.problems import Problem
from runtime.settings import Settings
from tests.support.containers import container, image_of

START_SECONDS = 240
pytestmark = pytest.mark.timeout(START_SECONDS + 60)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A running Keycloak: who administers it, and the secrets of its clients."""

    address: str
    people: People
    folder: Path

    def settings(self, client: str = "") -> Settings:
        realm = f"{self.address}/realms/speerpunt"
        return Settings(
            issuer=realm,
            jwks_url=f"{realm}/protocol/openid-connect/certs",
            token_url=f"{realm}/protocol/openid-connect/token",
            client_id=client,
            client_secret=(self.folder / f"{client}.client-secret").read_text() if client else "",
        )

    async def actor(self, token: str) -> Actor:
        return await TokenChecker(self.settings()).actor(f"Bearer {token}")


@pytest.fixture(scope="module")
async def keycloak(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SignIn]:
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    fill(folder)
    realm = tmp_path_factory.mktemp("import") / "realm.json"  # a folder that the image's own user can enter
    realm.write_bytes((folder / "realm.json").read_bytes())
    for path in (realm, realm.parent, realm.parent.parent):
        path.chmod(0o755)
    password = secrets.token_urlsafe(18)
    environment = {"KC_DB": "dev-mem", "KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": password}
    with container(
        image_of("keycloak"),
        8080,
        command=("start-dev", "--import-realm"),
        environment=environment,
        files={realm: "/opt/keycloak/data/import/realm.json"},
    ) as place:
        async with httpx2.AsyncClient(timeout=20) as client:
            address = f"http://{place}"
            await _served(client, f"{address}/realms/speerpunt")
            people = People(client, address, password)
            await people.open()
            yield SignIn(address, people, folder)


async def _served(client: httpx2.AsyncClient, url: str) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                if (await client.get(url)).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(0.5)


async def test_a_person_has_the_roles_regions_and_organisations_that_the_administrator_gave(keycloak: SignIn) -> None:
    region, school = uuid4(), uuid4()
    claims = {"roles": ["school"], "consortia": [str(region)], "organisations": [str(school)]}
    actor = await keycloak.actor(await keycloak.people.token("teacher-1", claims))
    assert (actor.subject, actor.roles) == ("teacher-1", frozenset({"school"}))
    assert (actor.consortia, actor.organisations) == (frozenset({region}), frozenset({school}))
    assert actor.sender is None
    actor.check(["school"], "funding:read")
    with pytest.raises(Problem, match="gives no access to that consortium"):
        actor.check_consortium(UUID(int=7))


async def test_a_role_that_is_taken_away_is_not_in_the_next_token(keycloak: SignIn) -> None:
    region = {"consortia": [str(uuid4())]}
    before = await keycloak.actor(
        await keycloak.people.token("officer-1", {"roles": ["office", "controller"], **region})
    )
    after = await keycloak.actor(await keycloak.people.token("officer-1", {"roles": ["controller"], **region}))
    assert (before.roles, after.roles) == (frozenset({"office", "controller"}), frozenset({"controller"}))


async def test_a_service_and_a_companys_system_sign_in_as_what_they_are_and_no_more(keycloak: SignIn) -> None:
    service = await keycloak.actor(await ServiceTokens(keycloak.settings("partners")).token())
    assert service.roles == frozenset({"service"})
    system = await keycloak.actor(await ServiceTokens(keycloak.settings("company-system")).token())
    assert (system.roles, system.sender) == (frozenset({"sender"}), "example")
    assert system.consortia == frozenset()
    assert "partners:read" not in system.scopes


async def test_a_wrong_secret_gets_no_token(keycloak: SignIn) -> None:
    wrong = keycloak.settings("partners").model_copy(update={"client_id": "funding"})
    with pytest.raises(Problem, match="sign-in service"):
        await ServiceTokens(wrong).token()


async def test_a_token_of_another_realm_for_another_audience_or_with_one_changed_letter_is_refused(
    keycloak: SignIn,
) -> None:
    token = await ServiceTokens(keycloak.settings("partners")).token()
    form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin"}
    stranger = await keycloak.people._sign_in("master", {**form, "password": keycloak.people._password})
    head, body, signature = token.split(".")
    forged = f"{head}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for each in (stranger, forged):
        with pytest.raises(TokenRefused):
            await keycloak.actor(each)
    elsewhere = TokenChecker(keycloak.settings().model_copy(update={"audience": "something-else"}))
    with pytest.raises(TokenRefused, match="InvalidAudience"):
        await elsewhere.actor(f"Bearer {token}")
