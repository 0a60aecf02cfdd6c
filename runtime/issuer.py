"""A development issuer: tokens for demo people and for services, with keys that live as long as the process.

It refuses to start in production, where a real OpenID Connect provider does this.
"""

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Form
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from runtime import settings as base

LIFETIME_SECONDS = 900
DEV_PERSON = "urn:speerpunt:dev-person"


class Settings(base.Settings):
    """`issuer_clients` names a JSON file: {client id: {secret, roles, scopes, consortia, organisations, sender}}."""

    model_config = SettingsConfigDict(env_prefix="SPEERPUNT_", extra="ignore", frozen=True)

    issuer_port: int = 0
    issuer_clients: Path | None = None
    issuer_person_secret: SecretStr = Field(default=SecretStr(""))


def create_app(settings: Settings, issuer: str) -> FastAPI:
    """The issuer at this address."""
    clients: dict[str, dict[str, Any]] = (
        json.loads(settings.issuer_clients.read_text(encoding="utf-8")) if settings.issuer_clients else {}
    )
    key = ec.generate_private_key(ec.SECP256R1())
    key_id = secrets.token_hex(8)
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    app = FastAPI(title="Development issuer", openapi_url=None)

    def issue(subject: str, claims: dict[str, Any]) -> JSONResponse:
        now = int(time.time())
        body = {
            "iss": issuer,
            "aud": settings.audience,
            "sub": subject,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "roles": claims.get("roles", []),
            "scope": " ".join(claims.get("scopes", [])),
            "consortia": claims.get("consortia", []),
            "organisations": claims.get("organisations", []),
        }
        if claims.get("sender"):
            body["sender"] = claims["sender"]
        token = jwt.encode(body, key, algorithm="ES256", headers={"kid": key_id})
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS})

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        return {"issuer": issuer, "jwks_uri": f"{issuer}/jwks.json", "token_endpoint": f"{issuer}/token"}

    @app.get("/jwks.json")
    async def keys() -> dict[str, Any]:
        return {"keys": [{**public, "kid": key_id, "use": "sig", "alg": "ES256"}]}

    @app.get("/livez")
    async def live() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.post("/token")
    async def token(
        grant_type: Annotated[str, Form()],
        client_secret: Annotated[str, Form()],
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
                return issue(subject, told)
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"error": "unsupported_grant_type"}, 400)

    return app


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
