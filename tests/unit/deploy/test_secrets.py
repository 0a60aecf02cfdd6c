"""Secrets are made once, are nobody else's, and repeat themselves in the words of who needs them."""

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from deploy.databases import of_service
from deploy.secrets.folder import CLIENTS, PARTS, SERVICES, fill


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("deployment") / "secrets"
    assert fill(made) == 0
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_there_is_never_made_anew_and_what_is_missing_is(folder: Path) -> None:
    before = contents(folder)
    fill(folder)
    assert contents(folder) == before
    (folder / "partners.kafka-password").unlink()
    fill(folder)
    after = contents(folder)
    assert after.pop("partners.kafka-password") != before.pop("partners.kafka-password")
    assert after == before


def test_another_password_is_repeated_wherever_it_is_used(folder: Path) -> None:
    (folder / "funding.app-password").unlink()
    fill(folder)
    password = (folder / "funding.app-password").read_text()
    assert f"funding_app:{password}@" in (folder / "funding.database-url").read_text()


def test_nobody_else_enters_the_folder_and_what_no_container_needs_is_the_owners_alone(folder: Path) -> None:
    assert mode(folder) == 0o700
    assert {mode(folder / name) for name in ("ca.key", "operator.key", "partners.owner-password")} == {0o600}
    assert not any(mode(path) & 0o222 and mode(path) != 0o600 for path in folder.iterdir())


def test_no_two_secrets_are_the_same(folder: Path) -> None:
    drawn = [path.read_bytes() for path in folder.iterdir() if path.suffix in {".password"} or "secret" in path.name]
    assert len(drawn) == len(set(drawn)) > 10


def test_every_part_has_a_certificate_in_its_own_name_of_the_one_authority(folder: Path) -> None:
    authority = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
    for part in PARTS:
        certificate = x509.load_pem_x509_certificate((folder / f"{part}.crt").read_bytes())
        certificate.verify_directly_issued_by(authority)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert part in names.get_values_for_type(x509.DNSName)


def test_every_service_owns_one_database_and_works_in_it_as_somebody_else(folder: Path) -> None:
    for service in SERVICES:
        urls = [(folder / f"{service}.{kind}").read_text() for kind in ("owner-database-url", "database-url")]
        wanted = of_service(*urls)
        assert (wanted.name, wanted.owner, wanted.app) == (service, f"{service}_owner", f"{service}_app")
        assert wanted.owner_password != wanted.app_password


def test_every_client_with_a_secret_has_its_own_in_the_realm(folder: Path) -> None:
    clients = {each["clientId"]: each for each in json.loads((folder / "realm.json").read_text())["clients"]}
    secret = {clients[name]["secret"] for name in CLIENTS}
    assert len(secret) == len(CLIENTS)
    assert all("secret" not in each for name, each in clients.items() if each["publicClient"])
