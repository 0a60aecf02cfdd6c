"""Signing in: OpenID Connect, authorization code flow with PKCE (RFC 7636), against the one issuer that is trusted."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import jwt

from runtime.auth import ALGORITHMS, LEEWAY_SECONDS, Keys
from runtime.problems import Kind, Problem, Unavailable
from services.dashboard.settings import Settings


class SignInFailed(Problem, kind=Kind.UNAUTHENTICATED):
    """Signing in did not work ({why}). Try again from the start."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps while it is away at the sign-in service."""

    state: str
    nonce: str
    verifier: str
    after: str

    @classmethod
    def new(cls, after: str) -> "Attempt":
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), after)

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the sign-in service gave: `until` is seconds since the epoch."""

    access: str
    refresh: str | None
    until: float


class Provider:
    """The sign-in service, found by its discovery document."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: dict[str, Any] = {}
        self._keys: Keys | None = None

    async def address(self, attempt: Attempt, redirect: str) -> str:
        """Where to send the browser. Raises Unavailable when the sign-in service is away."""
        found = await self._discover()
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": redirect,
            "scope": self._settings.oidc_scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{found['authorization_endpoint']}?{urlencode(asked)}"

    async def exchange(self, code: str, attempt: Attempt, redirect: str) -> Tokens:
        """The tokens for a code. Raises SignInFailed when the code or the identity token is not right."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        told = await self._ask({**form, "code_verifier": attempt.verifier})
        await self._check_identity(str(told.get("id_token", "")), attempt.nonce)
        return _tokens(told)

    async def renew(self, refresh: str) -> Tokens:
        """New tokens for a refresh token. Raises SignInFailed when it is not taken any more."""
        told = await self._ask({"grant_type": "refresh_token", "refresh_token": refresh})
        return _tokens({"refresh_token": refresh, **told})

    async def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        found = await self._discover()
        form = {**form, "client_id": self._settings.oidc_client_id}
        if secret := self._settings.oidc_client_secret.get_secret_value():
            form["client_secret"] = secret
        try:
            async with httpx2.AsyncClient(timeout=5) as client:
                answer = await client.post(str(found["token_endpoint"]), data=form)
                told = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Unavailable(what="The sign-in service", retry_after_seconds=5) from error
        if answer.status_code != 200 or not isinstance(told, dict) or "access_token" not in told:
            raise SignInFailed(why="the sign-in service refused the code")
        return told

    async def _check_identity(self, token: str, nonce: str) -> None:
        """The identity token is for us, from the issuer, and an answer to this very attempt."""
        found = await self._discover()
        if self._keys is None:
            self._keys = Keys(str(found["jwks_uri"]))
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise SignInFailed(why="its algorithm is not accepted")
            claims = jwt.decode(
                token,
                await self._keys.key(str(header.get("kid"))),
                algorithms=list(ALGORITHMS),
                audience=self._settings.oidc_client_id,
                issuer=self._settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "sub", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise SignInFailed(why="the identity token is not right") from error
        if not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise SignInFailed(why="the answer belongs to another attempt")

    async def _discover(self) -> dict[str, Any]:
        if not self._found:
            issuer = self._settings.issuer
            where = self._settings.oidc_discovery_url or f"{issuer}/.well-known/openid-configuration"
            try:
                async with httpx2.AsyncClient(timeout=5) as client:
                    answer = await client.get(where)
                    answer.raise_for_status()
                    found = answer.json()
                    if found["issuer"] != issuer:
                        raise Unavailable(what="The sign-in service", retry_after_seconds=5)
                    self._found = found
            except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
                raise Unavailable(what="The sign-in service", retry_after_seconds=5) from error
        return self._found


def _tokens(told: dict[str, Any]) -> Tokens:
    return Tokens(
        str(told["access_token"]), told.get("refresh_token"), time.time() + float(told.get("expires_in") or 60)
    )
