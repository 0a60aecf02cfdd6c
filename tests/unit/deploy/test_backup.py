"""A backup is told where it is, and tells nobody a password."""

import json
from pathlib import Path

import pytest

from deploy.backup.dumps import apart
from deploy.backup.manifest import file_of
from deploy.backup.place import CannotBackUp, Place


@pytest.mark.parametrize(
    ("url", "address", "password"),
    [
        ("postgresql://postgres:s%40cret@db:5432/funding", "postgresql://postgres@db:5432/funding", "s@cret"),
        ("postgresql://postgres:x@/a?host=/run/p&port=1", "postgresql://postgres@/a?host=/run/p&port=1", "x"),
        ("postgresql://postgres@/funding?host=/run/p", "postgresql://postgres@/funding?host=/run/p", ""),
    ],
    ids=["over-the-network", "over-a-socket", "without"],
)
def test_a_password_is_taken_out_of_what_a_program_is_started_with(url: str, address: str, password: str) -> None:
    assert apart(url) == (address, password)


@pytest.mark.parametrize("told", ["nonsense", "funding=", "money=postgresql://a@b/c", "postgresql://a:hidden@b/c"])
def test_an_installation_that_is_named_wrongly_is_a_sentence_without_its_password(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEERPUNT_BACKUP_DATABASES", told)
    with pytest.raises(CannotBackUp, match="SERVICE=postgresql") as refused:
        Place.found()
    assert "hidden" not in str(refused.value)


def test_databases_are_named_by_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEERPUNT_BACKUP_DATABASES", "funding=postgresql://a@b/f?x=1  partners=postgresql://a@b/p")
    assert Place.found().databases == {"funding": "postgresql://a@b/f?x=1", "partners": "postgresql://a@b/p"}


def test_a_service_or_file_that_a_backup_lacks_is_a_sentence(tmp_path: Path) -> None:
    told = {"databases": {"funding": {"file": "funding.dump", "sha256": "0" * 64}}}
    (tmp_path / "backup.json").write_text(json.dumps(told))
    with pytest.raises(CannotBackUp, match="it holds funding"):
        file_of(tmp_path, "partners")
    with pytest.raises(CannotBackUp, match="not what was written"):
        file_of(tmp_path, "funding")
