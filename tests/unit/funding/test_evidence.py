"""What may be stored as evidence: told by the content, whatever the sender says."""

import io
import zipfile

import pytest

from services.funding.domain.evidence import (
    MEDIA_TYPES,
    EvidenceEmpty,
    EvidenceNotAsSaid,
    EvidenceTooLarge,
    EvidenceTypeNotTaken,
    checked,
    file_name,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def a_zip(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as into:
        for name in names:
            into.writestr(name, "x")
    return made.getvalue()


FILES = {
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "text/csv": "naam;uren\r\nlas\u00a0robot;4\r\n".encode(),
    "text/plain": "\ufeffvier uur, 2\u202f000 euro".encode(),
    XLSX: a_zip("[Content_Types].xml", "xl/workbook.xml"),
    DOCX: a_zip("[Content_Types].xml", "word/document.xml"),
}


@pytest.mark.parametrize("said", MEDIA_TYPES)
@pytest.mark.parametrize("real", FILES)
def test_a_file_is_kept_only_as_what_it_is(said: str, real: str) -> None:
    texts = {"text/csv", "text/plain"}
    if said == real or {said, real} == texts:
        assert checked(f"{said.upper()}; charset=utf-8", FILES[real], 10_000) == said
    else:
        with pytest.raises(EvidenceNotAsSaid):
            checked(said, FILES[real], 10_000)


@pytest.mark.parametrize(
    ("said", "content"),
    [
        ("text/plain", b"<html><script>alert(1)</script>"),
        ("text/plain", b"a\0b"),
        ("text/csv", b"\xff\xfe\xfd"),
        ("application/pdf", b"MZ\x90\0%PDF-1.7"),
        (XLSX, a_zip("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin")),
        (XLSX, a_zip("[Content_Types].xml", "xl/workbook.xml")[:60]),
        (DOCX, b"PK\x03\x04" + bytes(500)),
    ],
    ids=["script", "nul", "no-utf-8", "program", "macro", "cut-zip", "no-zip"],  # a zip's bytes differ by the second
)
def test_what_hides_something_else_is_refused(said: str, content: bytes) -> None:
    with pytest.raises(EvidenceNotAsSaid):
        checked(said, content, 10_000)


def test_empty_large_and_other_files_are_refused() -> None:
    with pytest.raises(EvidenceEmpty):
        checked("text/plain", b"", 10)
    assert checked("text/plain", b"1234567890", 10) == "text/plain"
    with pytest.raises(EvidenceTooLarge, match="has 11 bytes, and 10 are taken at most"):
        checked("text/plain", b"12345678901", 10)
    for said in ("text/html", "image/svg+xml", "application/zip", "application/octet-stream", ""):
        with pytest.raises(EvidenceTypeNotTaken):
            checked(said, b"x", 10)


def test_a_file_is_handed_out_under_a_name_of_our_own() -> None:
    assert file_name("ab" * 32, "application/pdf") == "evidence-abababababababab.pdf"
    assert file_name("ab" * 32, "text/html") == "evidence-abababababababab.bin"
