"""Who is calling: access tokens checked by each service itself, and tokens for calls from service to service.

A token names an actor by (issuer, subject); the person behind it is looked up elsewhere. When the keys of the issuer
cannot be had, nobody gets in.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import jwt

from runtime.problems import Kind, Problem, Unavailable
from runtime.settings import Settings

ROLES = frozenset({"office", "controller", "school", "company", "sender", "accountant", "operator", "service"})
"""office: programme office; controller: approves money; sender: a company's system; accountant: reads; operator: IT."""

ALGORITHMS = ("ES256", "RS256", "EdDSA")
LEEWAY_SECONDS = 30
REFRESH_SECONDS = 300
STALE_SECONDS = 3_600
BACKOFF_SECONDS = 5
REMEMBERED_SECONDS = 60
REMEMBERED_TOKENS = 10_000


class TokenMissing(Problem, kind=Kind.UNAUTHENTICATED):
    """This needs an access token: send it as 'Authorization: Bearer <token>'."""


class TokenRefused(Problem, kind=Kind.UNAUTHENTICATED):
    """This access token is not accepted ({why}). Sign in again and repeat the request."""


class RoleMissing(Problem, kind=Kind.FORBIDDEN):
    """Your roles do not allow this; it needs one of: {roles}. Ask the programme office for access."""


class ScopeMissing(Problem, kind=Kind.FORBIDDEN):
    """This token was not issued for this; it needs the scope {scope}. Ask for a token with that scope."""


class ForeignConsortium(Problem, kind=Kind.FORBIDDEN):
    """This token gives no access to that consortium. Use a token of the consortium you work for."""


class ConsortiumNotNamed(Problem, kind=Kind.INVALID):
    """Your token is good for several consortia: say which one in the header Consortium-Id."""


class ForeignOrganisation(Problem, kind=Kind.FORBIDDEN):
    """You may only do this for an organisation of your own."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls, as its token says. Holds no name and no address."""

    issuer: str
    subject: str
    roles: frozenset[str]
    scopes: frozenset[str]
    consortia: frozenset[UUID]
    organisations: frozenset[UUID] = frozenset()
    sender: str | None = None

    @property
    def key(self) -> str:
        """What rows and limits call this actor."""
        return f"{self.issuer}|{self.subject}"

    def check(self, roles: Iterable[str], scope: str | None) -> None:
        """Raises RoleMissing or ScopeMissing unless this actor has one of the roles, and the scope."""
        wanted = frozenset(roles)
        if not self.roles & wanted:
            raise RoleMissing(roles=", ".join(sorted(wanted)))
        if scope is not None and scope not in self.scopes:
            raise ScopeMissing(scope=scope)

    def check_consortium(self, consortium_id: UUID) -> None:
        """Raises ForeignConsortium, whether that consortium exists or not. Services act for all of them."""
        if consortium_id not in self.consortia and "service" not in self.roles:
            raise ForeignConsortium()


@dataclass(slots=True)
class Keys:
    """The issuer's public keys: fetched when needed or when an unknown key shows up, kept for an hour at most."""

    url: str
    _keys: dict[str, Any] = field(default_factory=dict)
    _fetched_at: float = 0.0
    _tried_at: float = -BACKOFF_SECONDS
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def key(self, key_id: str) -> Any:
        """The key with this id. Raises Unavailable when the issuer is away, TokenRefused when it has no such key."""
        age = time.monotonic() - self._fetched_at
        if key_id in self._keys and age < REFRESH_SECONDS:
            return self._keys[key_id]
        async with self._lock:
            await self._refresh()
        age = time.monotonic() - self._fetched_at
        if not self._keys or age > STALE_SECONDS:
            raise Unavailable(what="The sign-in service", retry_after_seconds=BACKOFF_SECONDS)
        if key_id not in self._keys:
            raise TokenRefused(why="it is signed with an unknown key")
        return self._keys[key_id]

    async def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._tried_at < BACKOFF_SECONDS:
            return
        self._tried_at = now
        try:
            async with httpx2.AsyncClient(timeout=3) as client:
                answer = await client.get(self.url)
                answer.raise_for_status()
                found = jwt.PyJWKSet.from_dict(answer.json())
        except (httpx2.HTTPError, jwt.PyJWTError, ValueError):
            return
        self._keys = {key.key_id: key.key for key in found.keys if key.key_id}
        self._fetched_at = time.monotonic()


class TokenChecker:
    """Turns a bearer token into an actor, or says why not.

    A token that was found good is remembered by its digest, for a minute and never beyond its end: checking one costs
    more than the rest of a request.
    """

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._keys = Keys(settings.jwks_url)
        self._known: OrderedDict[bytes, tuple[Actor, float]] = OrderedDict()

    async def actor(self, authorization: str | None) -> Actor:
        """The actor of an Authorization header. Raises TokenMissing, TokenRefused or Unavailable."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissing()
        digest, now = hashlib.sha256(token.encode()).digest(), time.time()
        known = self._known.get(digest)
        if known is not None and now < known[1]:
            return known[0]
        claims = await self._checked(token)
        actor = _actor(claims)
        self._known[digest] = actor, min(now + REMEMBERED_SECONDS, float(claims["exp"]) + LEEWAY_SECONDS)
        self._known.move_to_end(digest)
        if len(self._known) > REMEMBERED_TOKENS:
            self._known.popitem(last=False)
        return actor

    async def _checked(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
                raise TokenRefused(why="its algorithm or key id is not accepted")
            claims: dict[str, Any] = jwt.decode(
                token,
                await self._keys.key(header["kid"]),
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "sub", "aud"]},
            )
            _actor(claims)
            return claims
        except jwt.ExpiredSignatureError:
            raise TokenRefused(why="it has expired") from None
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise TokenRefused(why=f"{type(error).__name__}") from None


def _actor(claims: dict[str, Any]) -> Actor:
    return Actor(
        issuer=claims["iss"],
        subject=claims["sub"],
        roles=frozenset(claims.get("roles", ())) & ROLES,
        scopes=frozenset(str(claims.get("scope", "")).split()),
        consortia=frozenset(UUID(each) for each in claims.get("consortia", ())),
        organisations=frozenset(UUID(each) for each in claims.get("organisations", ())),
        sender=claims.get("sender"),
    )


class ServiceTokens:
    """This service's own token for calling others: asked for once, renewed before it ends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = ""
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """A token good for at least another half minute. Raises Unavailable when the issuer is away."""
        if time.monotonic() < self._until:
            return self._token
        async with self._lock:
            if time.monotonic() < self._until:
                return self._token
            form = {
                "grant_type": "client_credentials",
                "client_id": self._settings.client_id,
                "client_secret": self._settings.client_secret.get_secret_value(),
            }
            try:
                async with httpx2.AsyncClient(timeout=3) as client:
                    answer = await client.post(self._settings.token_url, data=form)
                    answer.raise_for_status()
                    told = answer.json()
                    token, lifetime = str(told["access_token"]), float(told["expires_in"])
            except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
                raise Unavailable(what="The sign-in service", retry_after_seconds=BACKOFF_SECONDS) from error
            self._token = token
            self._until = time.monotonic() + max(lifetime - 60, lifetime / 2)
            return self._token
