"""An export that is to be brought in is whole, or is refused with a sentence that says what is wrong with it."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.commands.regions.archive import FORM, MANIFEST, PAGE_BYTES, SERVICES, Archive, NotUsable, part
from cli.exits import Exit

ORIGIN = "6f1c2d1e-6d0b-5c3a-9f55-7d0a4f0f5b10"
Change = Callable[[dict[str, bytes], dict[str, Any]], None]


def an_export(path: Path, change: Change = lambda _files, _manifest: None) -> Path:
    """A zip as `region export` writes it; `change` is what is done to its files and manifest before it is written."""
    files = {part(each): each.encode() * 3 for each in SERVICES}
    listed = {name: {"bytes": len(held), "sha256": hashlib.sha256(held).hexdigest()} for name, held in files.items()}
    manifest: dict[str, Any] = {"form": FORM, "region": "sto-oud", "origin": ORIGIN, "files": listed}
    change(files, manifest)
    with zipfile.ZipFile(path, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
        made.writestr(MANIFEST, json.dumps(manifest))
    return path


def test_a_whole_export_is_opened_and_read_in_pages_with_partners_as_the_last_part(tmp_path: Path) -> None:
    def large(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
        content = b"x" * (PAGE_BYTES + 1)
        files[part("funding")] = content
        listed = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        manifest["files"][part("funding")] = listed

    opened = Archive.opened(an_export(tmp_path / "a.zip", large))
    assert (opened.code, str(opened.origin)) == ("sto-oud", ORIGIN)
    assert [each.service for each in opened.parts] == list(SERVICES)
    assert opened.parts[-1].service == "partners"
    assert [len(page) for page in opened.pages("funding")] == [PAGE_BYTES, 1]


def one_byte(files: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    files[part("funding")] = b"g" + files[part("funding")][1:]


def one_file_more(files: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    files["more.json"] = b"{}"


def one_file_less(files: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    del files[part("funding")]


def of_an_open_region(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del files[part("partners")], manifest["files"][part("partners")]


def of_another_form(_files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["form"] = "speerpunt-region-export/1"


def without_an_origin(_files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del manifest["origin"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (one_byte, "archive/funding.jsonl was changed since it was made"),
        (one_file_more, "files that its manifest does not name"),
        (one_file_less, "files that its manifest does not name, or lacks some"),
        (of_an_open_region, "no archive of partners: the region was open"),
        (of_another_form, "it is not in the form"),
        (without_an_origin, "no export of a region"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_what_is_not_whole_is_refused_with_the_reason(change: Change, says: str, tmp_path: Path) -> None:
    with pytest.raises(NotUsable) as refused:
        Archive.opened(an_export(tmp_path / "a.zip", change))
    assert says in refused.value.sentence
    assert refused.value.end is Exit.AMISS


@pytest.mark.parametrize("further", range(0, 60, 4))
def test_a_byte_of_the_zip_itself_that_was_changed_is_refused_too(further: int, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    plain = zipfile.ZipFile(an_export(tmp_path / "plain.zip"))
    with plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in plain.namelist():
            made.writestr(name, plain.read(name))
        place = made.getinfo(MANIFEST).header_offset + 30 + len(MANIFEST) + further
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(NotUsable):
        Archive.opened(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all"], ids=["empty", "cut", "text"])
def test_what_is_no_zip_is_refused_too(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(NotUsable):
        Archive.opened(tmp_path / "a.zip")
