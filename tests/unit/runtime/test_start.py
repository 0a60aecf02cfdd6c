"""Starting a service wrongly ends with a code and a sentence that says what to set, never with a stack trace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]


def started(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPEERPUNT_")}
    path = f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"
    environment = {**kept, "PYTHONPATH": path, **{f"SPEERPUNT_{name}": value for name, value in settings.items()}}
    command = [sys.executable, "-m", "services.partners", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("words", "settings", "missing"),
    [
        (("serve",), {}, "SPEERPUNT_DATABASE_URL"),
        (("migrate",), {"APP_ROLE": "app"}, "SPEERPUNT_OWNER_DATABASE_URL"),
        (("migrate",), {"OWNER_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "SPEERPUNT_APP_ROLE"),
        (("serve",), {"TELEMETRY_SAMPLE": "7"}, "SPEERPUNT_TELEMETRY_SAMPLE"),
        (("serve",), {"LOG_LEVEL": "loud"}, "SPEERPUNT_LOG_LEVEL"),
        (("serve",), {"HTTP_PORT": "eighty"}, "SPEERPUNT_HTTP_PORT"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_missing_or_wrong_setting_is_named(words: tuple[str, ...], settings: dict[str, str], missing: str) -> None:
    done = started(*words, **settings)
    assert (done.returncode, missing in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_away_is_said_in_a_sentence() -> None:
    done = started("migrate", APP_ROLE="app", OWNER_DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("asked", "named"), [("http,consumr", "consumr"), ("sealer", "sealer"), ("relay,", "''")])
def test_a_role_that_does_not_exist_is_refused_at_once_with_those_that_do(asked: str, named: str) -> None:
    done = started("serve", "--roles", asked, DATABASE_URL="postgresql://x@127.0.0.1:1/x")
    assert done.returncode == 2
    assert done.stderr == (
        f"There is no role {named}; choose from http, grpc, consumer, relay, housekeeper, erasures, "
        "separated by commas.\n"
    )
