"""Settings come from the environment, else from files as an orchestrator mounts secrets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.settings import Settings, load


def test_a_secret_comes_from_its_file_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SPEERPUNT_CLIENT_SECRET").write_text("from a file\n")
    (tmp_path / "SPEERPUNT_CLIENT_ID").write_text("a file's")
    monkeypatch.setenv("SPEERPUNT_SECRETS_FOLDER", str(tmp_path))
    monkeypatch.setenv("SPEERPUNT_CLIENT_ID", "the environment's")
    settings = load(Settings)
    assert settings.client_secret.get_secret_value() == "from a file"
    assert settings.client_id == "the environment's"


def test_the_development_issuer_refuses_to_start_in_production() -> None:
    environment = {**os.environ, "SPEERPUNT_ENVIRONMENT": "production", "SPEERPUNT_ISSUER_PORT": "0"}
    started = subprocess.run(
        [sys.executable, "-m", "runtime.issuer"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert started.returncode == 2
    assert "does not run in production" in started.stderr
    assert "Traceback" not in started.stderr
