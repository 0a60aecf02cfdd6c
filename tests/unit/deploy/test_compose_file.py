"""docker-compose.yml as it stands: what every container of an installation must be, and why some differ."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
FILE = PROJECT / "docker-compose.yml"
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)?$")
OURS = re.compile(r"^speerpunt:\$\{SPEERPUNT_VERSION:-\d+\.\d+\.\d+\}$")
SECRET = re.compile(r"pass(word)?|secret|token|api_?key", re.IGNORECASE)
BEGINS_AS_ROOT = {"postgres": "gives its folder to its own user, then is that user"}
WRITES_ITS_PROGRAM = {"keycloak": "puts its program together for the database at its first start"}
ASKED_BY_NOBODY = {"collector": "one program in the image, watched by Prometheus", "traces": "as the collector"}
SCHEMA = {
    "type": "object",
    "required": ["image", "restart", "logging", "deploy", "healthcheck", "networks"],
    "properties": {
        "image": {"type": "string"},
        "restart": {"enum": ["unless-stopped", "on-failure:5"]},
        "cap_drop": {"const": ["ALL"]},
        "cap_add": {"items": {"enum": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]}},
        "security_opt": {"const": ["no-new-privileges:true"]},
        "ports": {
            "items": {"type": "string", "pattern": r"^(127\.0\.0\.1|\$\{SPEERPUNT_KAFKA_ADDRESS:-127\.0\.0\.1\}):"}
        },
        "deploy": {
            "properties": {
                "resources": {
                    "properties": {"limits": {"type": "object", "required": ["cpus", "memory", "pids"]}},
                    "required": ["limits"],
                }
            },
            "required": ["resources"],
        },
    },
    "not": {
        "anyOf": [{"required": [name]} for name in ("network_mode", "privileged", "pid", "ipc", "devices", "env_file")]
    },
}


def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


SERVICES = sorted(document()["services"])


def faults(name: str, service: dict[str, Any]) -> list[str]:
    """What is wrong with one service."""
    wrong = [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(service)]
    if not (PINNED.match(service.get("image", "")) or OURS.match(service.get("image", ""))):
        wrong.append("its image is not pinned to a version")
    user = str(service.get("user", "0")).partition(":")[0]
    if name not in BEGINS_AS_ROOT and (not user.isdigit() or int(user) == 0):
        wrong.append("it needs a user by number that is not root")
    if name not in WRITES_ITS_PROGRAM and service.get("read_only") is not True:
        wrong.append("its file system is writable")
    if service.get("cap_drop") != ["ALL"] or "security_opt" not in service:
        wrong.append("it keeps rights that it does not need")
    once = service.get("restart") == "on-failure:5"
    if not once and name not in ASKED_BY_NOBODY and not service.get("healthcheck", {}).get("test"):
        wrong.append("nobody asks for its health")
    for key, value in (service.get("environment") or {}).items():
        if SECRET.search(key) and not key.endswith(("_FILE", "_URL")):
            wrong.append(f"{key} is a secret in the environment")
        if re.search(r"://[^/\s]*:[^/\s]*@", str(value)):
            wrong.append(f"{key} holds a password")
    return wrong


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_pinned_bounded_asked_after_and_has_no_right_it_does_not_need(name: str) -> None:
    assert faults(name, document()["services"][name]) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"image": "postgres:latest"}, "pinned"),
        ({"image": "postgres"}, "pinned"),
        ({"user": "0:0"}, "root"),
        ({"read_only": False}, "writable"),
        ({"cap_add": ["SYS_ADMIN"]}, "SYS_ADMIN"),
        ({"network_mode": "host"}, "should not be valid"),
        ({"ports": ["8001:8000"]}, "does not match"),
        ({"healthcheck": {}}, "health"),
        ({"deploy": {}}, "resources"),
        ({"environment": {"SPEERPUNT_CLIENT_SECRET": "x"}}, "secret"),
        ({"environment": {"DB": "postgresql://a:b@c/d"}}, "password"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value).split()[0],
)
def test_what_is_wrong_is_found(changed: dict[str, Any], says: str) -> None:
    wrong = faults("funding", {**document()["services"]["funding"], **changed})
    assert any(says in each for each in wrong), wrong


def test_what_is_mounted_exists_and_secrets_come_from_the_one_folder() -> None:
    found = document()
    assert {Path(each["file"]).parent.as_posix() for each in found["secrets"].values()} == {"secrets"}
    missing = [each["file"] for each in found["configs"].values() if not (PROJECT / each["file"]).is_file()]
    assert missing == []
    binds = [
        volume.partition(":")[0]
        for service in found["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert binds
    assert [bind for bind in binds if not (PROJECT / bind).exists()] == []


def test_every_secret_that_a_container_is_given_is_made(tmp_path: Path) -> None:
    from deploy.secrets.folder import fill

    fill(tmp_path / "secrets")
    made = {path.name for path in (tmp_path / "secrets").iterdir()}
    assert {Path(each["file"]).name for each in document()["secrets"].values()} <= made


def test_services_start_after_their_schema_and_nothing_but_the_data_network_reaches_the_data() -> None:
    found = document()
    services = found["services"]
    for name in ("partners", "funding", "activities", "notifications", "dashboard"):
        after = services[name]["depends_on"]
        assert after[f"{name}-migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["environment"]["SPEERPUNT_ENVIRONMENT"] == "production"
        given = {each if isinstance(each, str) else each["source"] for each in services[name]["secrets"]}
        assert not any("owner" in each or each.startswith("postgres") for each in given)
    assert services["postgres"]["networks"] == ["data"]
    assert "ports" not in services["postgres"]
    assert found["networks"]["data"] == {"internal": True}
