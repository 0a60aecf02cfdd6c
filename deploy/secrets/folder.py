"""The folder of secrets: a file each, named after its part and, for a service, after the setting that it fills.

Nobody but its owner gets into the folder. A file that a container mounts can be read by whoever is inside that folder,
for compose mounts a file as it is, and images run as users of their own; the rest is the owner's alone. What is there
is never made anew; files that only repeat others in another form follow those.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.secrets.authority import Authority, ends, write

PROJECT = Path(__file__).resolve().parents[2]
REALM = PROJECT / "deploy" / "keycloak" / "realm.json"
SERVICES = ("partners", "funding", "activities", "notifications", "dashboard")
PARTS = (*SERVICES, "operator", "kafka", "postgres")
"""Who has a certificate; the operator is a person at a command line."""
CLIENTS = (*SERVICES, "dashboard-web", "company-system")
"""Who signs in at Keycloak with a secret of its own."""
PASSWORDS = (
    "postgres",
    "kafka-admin",
    "kafka-broker",
    "keycloak-admin",
    "keycloak-database",
    "metrics-database",
    "grafana-admin",
)
MOUNTED = 0o444
OWN = 0o600
LOGINS = "org.apache.kafka.common.security"
STORE = Template(
    """listener.name.client.scram-sha-512.sasl.jaas.config=$logins.scram.ScramLoginModule required $own;
listener.name.outside.scram-sha-512.sasl.jaas.config=$logins.scram.ScramLoginModule required;
listener.name.controller.plain.sasl.jaas.config=$logins.plain.PlainLoginModule required $own user_broker="$password";
"""
)


def fill(folder: Path) -> int:
    """Makes what is missing and says what it made; the exit code."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    before = {path.name for path in folder.iterdir()}
    authority = Authority(folder)
    for part in PARTS:
        authority.sign(folder, part)
    for name, make in _first().items():
        if not (folder / name).exists():
            write(folder / name, make())
    for name, content in _following(folder).items():
        if not (folder / name).exists() or (folder / name).read_bytes() != content:
            write(folder / name, content)
    for path in folder.iterdir():
        path.chmod(OWN if _is_own(path.name) else MOUNTED)
    _say(folder, before)
    return 0


def _first() -> Mapping[str, Callable[[], bytes]]:
    """What is drawn by lot, or made out of nothing, by the name of its file."""
    drawn = [f"{name}.password" for name in PASSWORDS]
    drawn += [f"{service}.kafka-password" for service in SERVICES]
    drawn += [f"{client}.client-secret" for client in CLIENTS]
    drawn += [f"{service}.{role}-password" for service in SERVICES for role in ("owner", "app")]
    drawn.append("funding.fingerprint-key")
    return {**dict.fromkeys(drawn, _password), "kafka.cluster-id": _cluster_id, "funding.seal-key.pem": _seal_key}


def _following(folder: Path) -> dict[str, bytes]:
    """What repeats the above in the words of who needs it."""

    def told(name: str) -> str:
        return (folder / name).read_text()

    said = {"postgres.url": f"postgresql://postgres:{told('postgres.password')}@postgres:5432/postgres"}
    for service in SERVICES:
        for role, setting in (("app", "database-url"), ("owner", "owner-database-url")):
            who = f"{service}_{role}:{told(f'{service}.{role}-password')}"
            said[f"{service}.{setting}"] = f"postgresql://{who}@postgres:5432/{service}"
    for role in ("keycloak", "metrics"):
        who = f"{role}:{told(f'{role}-database.password')}"
        database = "keycloak" if role == "keycloak" else "postgres"
        said[f"{role}.database-url"] = f"postgresql://{who}@postgres:5432/{database}"
    password = told("kafka-broker.password")
    own = f'username="broker" password="{password}"'
    said["kafka.passwords.properties"] = STORE.substitute(logins=LOGINS, own=own, password=password)
    users = (("admin", told("kafka-admin.password")), ("broker", password))
    scram = [f"SCRAM-SHA-512=[name={user},password={word},iterations=4096]" for user, word in users]
    said["kafka.format"] = "\n".join(word for user in scram for word in ("--add-scram", user))
    said["kafka.pem"] = told("kafka.key") + told("kafka.crt")
    said["realm.json"] = _realm({client: told(f"{client}.client-secret") for client in CLIENTS})
    return {name: content.encode() for name, content in said.items()}


def _realm(client_secrets: Mapping[str, str]) -> str:
    """Keycloak's realm with the secrets of its clients."""
    realm = json.loads(REALM.read_text(encoding="utf-8"))
    for client in realm["clients"]:
        if client["clientId"] in client_secrets:
            client["secret"] = client_secrets[client["clientId"]]
    return json.dumps(realm, indent=1)


def _is_own(name: str) -> bool:
    """Whether no container is given this file."""
    return name in {"ca.key", "operator.key"} or (name.endswith("-password") and "kafka" not in name)


def _password() -> bytes:
    return secrets.token_urlsafe(24).encode()


def _cluster_id() -> bytes:
    """As Kafka writes ids; one that begins with a dash would read as an option."""
    while (made := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return made.encode()


def _seal_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _say(folder: Path, before: set[str]) -> None:
    made = {path.name for path in folder.iterdir()} - before
    print(f"{folder}: {len(before)} secrets were there and stay as they are, {len(made)} made.")
    for path in sorted(folder.glob("*.crt")):
        left = (ends(path) - datetime.now(UTC)).days
        if left < 60:
            print(f"  {path.name} ends in {left} days: remove it with its .key, run this again, start its part anew.")
