"""What can be set for the dashboard, beyond what every service has."""

from pydantic import Field, SecretStr

import runtime.settings


class Settings(runtime.settings.Settings):
    """Who it is for the sign-in service, and where browsers find it.

    `oidc_client_id` is registered there with `<public url>/sign-in/callback`; without a secret it is a public client,
    which PKCE protects. `public_url` is needed behind a proxy; left out it is the address in the request, which
    production refuses. `oidc_discovery_url` is for when this process reaches the sign-in service by another name than
    browsers do: where its discovery document is; left out it is the issuer's own. `dashboard_grpc` is its own gRPC
    address, for its own dead letters; `trace_url` is where traces are to be seen, with {trace} for the id. `alarm_...`
    say how often is watched, and from when on something is one; `money_poll_seconds` how often the gauges of money are
    looked up, where there is an exporter.
    """

    oidc_client_id: str = "dashboard-web"
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scopes: str = "openid"
    oidc_discovery_url: str = ""
    public_url: str = ""
    session_hours: float = 10
    dashboard_grpc: str = ""
    trace_url: str = ""
    alarm_poll_seconds: float = Field(default=15, gt=0)
    alarm_lag_messages: int = Field(default=1_000, ge=1)
    alarm_lag_seconds: float = Field(default=60, ge=0)
    alarm_dead_letters: int = Field(default=1, ge=1)
    alarm_deadline_days: int = Field(default=7, ge=0)
    alarm_unverified_days: int = Field(default=30, ge=1)
    money_poll_seconds: float = Field(default=60, gt=0)
