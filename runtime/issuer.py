"""A development issuer: tokens for demo people and for services, with keys that live as long as the process.

It refuses to start in production, where a real OpenID Connect provider does this.
"""

import base64
import hashlib
import html
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from runtime import settings as base

LIFETIME_SECONDS = 900
CODE_SECONDS = 60
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OPERATOR = "operator"
DEV_PERSON = "urn:speerpunt:dev-person"


class Settings(base.Settings):
    """`issuer_clients` names a JSON file: {client id: {secret, roles, scopes, consortia, organisations, sender}}."""

    model_config = SettingsConfigDict(env_prefix="SPEERPUNT_", extra="ignore", frozen=True)

    issuer_port: int = 0
    issuer_clients: Path | None = None
    issuer_person_secret: SecretStr = Field(default=SecretStr(""))


@dataclass(frozen=True, slots=True)
class _Code:
    """A code on its way through a browser: for whom, for which client and address, and what proves who asked."""

    subject: str
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    until: float

    def fits(self, client_id: str, redirect_uri: str, verifier: str) -> bool:
        """Whether whoever brings it is who asked for it, in time (RFC 7636)."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        same = (client_id, redirect_uri) == (self.client_id, self.redirect_uri)
        return same and secrets.compare_digest(digest, self.challenge) and time.time() < self.until


_PICK = """<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<title>Development sign-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>
<h1>Development sign-in</h1><p>Choose who you are. There are no passwords here: this runs on your own machine only.</p>
<form method="post" action="/authorize">{hidden}{people}</form></main></body></html>"""


def create_app(settings: Settings, issuer: str) -> FastAPI:
    """The issuer at this address.

    Whoever got a token over the development grant is offered to a browser that signs in with the code flow; an
    installation's operator always is.
    """
    clients: dict[str, dict[str, Any]] = (
        json.loads(settings.issuer_clients.read_text(encoding="utf-8")) if settings.issuer_clients else {}
    )
    key = ec.generate_private_key(ec.SECP256R1())
    key_id = secrets.token_hex(8)
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    app = FastAPI(title="Development issuer", openapi_url=None)
    known: dict[str, dict[str, Any]] = {OPERATOR: {"roles": ["operator"], "scopes": ["dashboard:read"]}}
    codes: dict[str, _Code] = {}
    refreshes: dict[str, str] = {}

    def signed(body: dict[str, Any]) -> str:
        now = int(time.time())
        whole = {"iss": issuer, "iat": now, "exp": now + LIFETIME_SECONDS, **body}
        return jwt.encode(whole, key, algorithm="ES256", headers={"kid": key_id})

    def issue(subject: str, claims: dict[str, Any], **more: str) -> JSONResponse:
        body = {
            "aud": settings.audience,
            "sub": subject,
            "roles": claims.get("roles", []),
            "scope": " ".join(claims.get("scopes", [])),
            "consortia": claims.get("consortia", []),
            "organisations": claims.get("organisations", []),
        }
        if claims.get("sender"):
            body["sender"] = claims["sender"]
        token = signed(body)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS, **more})

    def signed_in(subject: str, **more: str) -> JSONResponse:
        refresh = secrets.token_urlsafe(32)
        refreshes[refresh] = subject
        return issue(subject, known[subject], refresh_token=refresh, **more)

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/jwks.json",
            "token_endpoint": f"{issuer}/token",
            "authorization_endpoint": f"{issuer}/authorize",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "subject_types_supported": ["public"],
        }

    @app.get("/authorize")
    async def authorize(
        client_id: str = "",
        redirect_uri: str = "",
        state: str = "",
        nonce: str = "",
        code_challenge: str = "",
        response_type: str = "",
        code_challenge_method: str = "",
    ) -> HTMLResponse:
        asked = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
        }
        if response_type != "code" or code_challenge_method != "S256" or not _usable(asked):
            return HTMLResponse("This needs the code flow with PKCE (S256), back to an address of this machine.", 400)
        hidden = "".join(f'<input type="hidden" name="{name}" value="{html.escape(v)}">' for name, v in asked.items())
        people = "".join(
            f'<p><button name="subject" value="{html.escape(subject)}">{html.escape(subject)}</button> '
            f"{html.escape(', '.join(claims.get('roles', [])))}</p>"
            for subject, claims in sorted(known.items())
        )
        return HTMLResponse(_PICK.format(hidden=hidden, people=people))

    @app.post("/authorize")
    async def chosen(
        client_id: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        state: Annotated[str, Form()],
        nonce: Annotated[str, Form()],
        code_challenge: Annotated[str, Form()],
        subject: Annotated[str, Form()],
    ) -> RedirectResponse:
        asked = {"redirect_uri": redirect_uri, "client_id": client_id, "code_challenge": code_challenge}
        if subject not in known or not _usable(asked):
            return RedirectResponse("/authorize", 303)
        code = secrets.token_urlsafe(24)
        codes[code] = _Code(subject, client_id, redirect_uri, code_challenge, nonce, time.time() + CODE_SECONDS)
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}", 303)

    @app.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        return {"keys": [{**public, "kid": key_id, "use": "sig", "alg": "ES256"}]}

    @app.get("/livez")
    async def live() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.post("/token")
    async def token(
        grant_type: Annotated[str, Form()],
        client_secret: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
        code_verifier: Annotated[str, Form()] = "",
        redirect_uri: Annotated[str, Form()] = "",
        refresh_token: Annotated[str, Form()] = "",
        client_id: Annotated[str, Form()] = "",
        subject: Annotated[str, Form()] = "",
        claims: Annotated[str, Form()] = "{}",
    ) -> JSONResponse:
        if grant_type == "client_credentials":
            client = clients.get(client_id)
            if client and secrets.compare_digest(client_secret, str(client["secret"])):
                return issue(f"client:{client_id}", client)
            return JSONResponse({"error": "invalid_client"}, 401)
        if grant_type == DEV_PERSON:
            expected = settings.issuer_person_secret.get_secret_value()
            if expected and subject and secrets.compare_digest(client_secret, expected):
                try:
                    told = json.loads(claims)
                except ValueError:
                    told = None
                if not isinstance(told, dict):
                    return JSONResponse({"error": "invalid_request"}, 400)
                known[subject] = told
                return issue(subject, told)
            return JSONResponse({"error": "invalid_client"}, 401)
        if grant_type == "authorization_code":
            given = codes.pop(code, None)
            if given is None or not given.fits(client_id, redirect_uri, code_verifier):
                return JSONResponse({"error": "invalid_grant"}, 400)
            identity = {"aud": client_id, "sub": given.subject, "nonce": given.nonce}
            return signed_in(given.subject, id_token=signed(identity))
        if grant_type == "refresh_token":
            who = refreshes.pop(refresh_token, None)
            return signed_in(who) if who else JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"error": "unsupported_grant_type"}, 400)

    return app


def _usable(asked: dict[str, str]) -> bool:
    """Codes go to an address of this machine only, and only to who can prove to have asked."""
    where = urlsplit(asked["redirect_uri"])
    return (
        where.scheme == "http" and where.hostname in LOOPBACK and bool(asked["client_id"] and asked["code_challenge"])
    )


def main() -> None:
    """Runs the issuer. Ends with code 2 and a sentence in production."""
    settings = base.load(Settings)
    if settings.production:
        sys.stderr.write(
            "The development issuer does not run in production: let SPEERPUNT_ISSUER name your own provider.\n"
        )
        sys.exit(2)
    config = uvicorn.Config(FastAPI(), host=settings.http_host, port=settings.issuer_port, log_level="warning")
    socket = config.bind_socket()
    address = f"{settings.http_host}:{socket.getsockname()[1]}"
    config.app = create_app(settings, settings.issuer or f"http://{address}")
    if settings.ready_file:
        partial = settings.ready_file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({"http": address}), encoding="utf-8")
        partial.rename(settings.ready_file)
    uvicorn.Server(config).run(sockets=[socket])


if __name__ == "__main__":
    main()
