"""Who is signed in at a browser. The cookie is random; the database knows only its hash, and the tokens are sealed with
a key made of the cookie: a copy of the database opens nothing."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet

from runtime.auth import Actor, TokenChecker, TokenRefused
from runtime.postgres import Database
from services.dashboard.store import Q
from services.dashboard.web.oidc import Provider, SignInFailed, Tokens

RENEW_BEFORE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser: whom its token names, and what its forms must repeat."""

    actor: Actor
    token: str
    csrf: str


class Sessions:
    """Keeps, finds, renews and ends sessions."""

    def __init__(self, database: Database, tokens: TokenChecker, provider: Provider, hours: float) -> None:
        self._database, self._tokens, self._provider = database, tokens, provider
        self._lifetime = timedelta(hours=hours)

    async def begin(self, given: Tokens) -> str:
        """A new session; the content of its cookie. Raises TokenRefused when the token is no token for us."""
        await self._tokens.actor(f"Bearer {given.access}")
        cookie, now = secrets.token_urlsafe(32), datetime.now(UTC)
        sealed = _sealed(cookie, given)
        until = datetime.fromtimestamp(given.until, UTC)
        await Q.forget_sessions.execute(self._database.pool, now)
        await Q.keep_session.execute(
            self._database.pool, _hash(cookie), *sealed, until, now + self._lifetime, secrets.token_urlsafe(24)
        )
        return cookie

    async def find(self, cookie: str | None) -> Session | None:
        """The session of this cookie, its token renewed when need be; None when there is none any more."""
        if not cookie:
            return None
        now = datetime.now(UTC)
        row = await Q.session.row(self._database.pool, _hash(cookie), now)
        if row is None:
            return None
        box = _box(cookie)
        token = box.decrypt(row["access_token"].encode()).decode()
        if row["token_until"] - now < timedelta(seconds=RENEW_BEFORE_SECONDS):
            if row["refresh_token"] is None:
                return None
            try:
                given = await self._provider.renew(box.decrypt(row["refresh_token"].encode()).decode())
            except SignInFailed:
                await self.end(cookie)
                return None
            token = given.access
            until = datetime.fromtimestamp(given.until, UTC)
            await Q.renew_session.execute(self._database.pool, _hash(cookie), *_sealed(cookie, given), until)
        try:
            actor = await self._tokens.actor(f"Bearer {token}")
        except TokenRefused:
            return None
        return Session(actor, token, row["csrf"])

    async def end(self, cookie: str) -> None:
        """Signs out here."""
        await Q.end_session.execute(self._database.pool, _hash(cookie))


def _hash(cookie: str) -> str:
    return hashlib.sha256(b"session " + cookie.encode()).hexdigest()


def _box(cookie: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"tokens " + cookie.encode()).digest()))


def _sealed(cookie: str, given: Tokens) -> tuple[str, str | None]:
    box = _box(cookie)
    refresh = box.encrypt(given.refresh.encode()).decode() if given.refresh else None
    return box.encrypt(given.access.encode()).decode(), refresh
