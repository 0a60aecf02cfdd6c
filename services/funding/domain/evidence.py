"""Evidence that is kept here: what a file may be, told by its content and not by its name or what its sender says."""

import io
import zipfile
from collections.abc import Callable, Mapping
from types import MappingProxyType

from runtime.problems import Kind, Problem

KEPT_HERE = "evidence-files/"
"""Where evidence is kept that is stored here: this, and its SHA-256."""
MOST_UNCLAIMED = 50
"""So many files a person may have stored that no claim names."""
_OFFICE = "application/vnd.openxmlformats-officedocument."


class EvidenceTypeNotTaken(Problem, kind=Kind.UNSUPPORTED):
    """Files of this type are not kept. Send PDF, PNG, JPEG, CSV, text, XLSX or DOCX, and say so in Content-Type."""


class EvidenceNotAsSaid(Problem, kind=Kind.INVALID):
    """The content of the file is not of the type {media_type} that it is said to be. Save it as that type, or correct
    Content-Type."""


class EvidenceEmpty(Problem, kind=Kind.INVALID):
    """The file is empty. Send its bytes as the body of the request."""


class EvidenceTooLarge(Problem, kind=Kind.TOO_LARGE):
    """The file has {size} bytes, and {most} are taken at most. Make it smaller, or keep it yourself and name its
    hash."""


class TooManyUnclaimed(Problem, kind=Kind.CONFLICT):
    """You stored {most} files that no claim names. Submit claims with them first."""


class EvidenceNotStored(Problem, kind=Kind.INVALID):
    """You stored no file with the hash {sha256}. Send it to /v1/evidence-files first."""


class EvidenceDamaged(Problem, kind=Kind.UNAVAILABLE):
    """The stored file {sha256} is not there, or not what was stored. Ask the operator to bring it back from a
    backup."""


def _text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    controls = any((letter < " " and letter not in "\t\r\n") or "\x7f" <= letter < "\xa0" for letter in text)
    return not controls and not text.lstrip().startswith("<")


def _office(part: str) -> Callable[[bytes], bool]:
    def is_one(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
            return False
        macros = any(name.rpartition("/")[2].lower() == "vbaproject.bin" for name in names)
        return "[Content_Types].xml" in names and part in names and not macros

    return is_one


_IS: Mapping[str, tuple[str, Callable[[bytes], bool]]] = MappingProxyType(
    {
        "application/pdf": ("pdf", lambda content: content.startswith(b"%PDF-")),
        "image/png": ("png", lambda content: content.startswith(b"\x89PNG\r\n\x1a\n")),
        "image/jpeg": ("jpg", lambda content: content.startswith(b"\xff\xd8\xff")),
        "text/csv": ("csv", _text),
        "text/plain": ("txt", _text),
        f"{_OFFICE}spreadsheetml.sheet": ("xlsx", _office("xl/workbook.xml")),
        f"{_OFFICE}wordprocessingml.document": ("docx", _office("word/document.xml")),
    }
)
MEDIA_TYPES = tuple(_IS)


def checked(said: str, content: bytes, most: int) -> str:
    """The media type of a file, out of what its sender says and what its content is; `most` bytes at most.

    Raises EvidenceEmpty, EvidenceTooLarge, EvidenceTypeNotTaken and EvidenceNotAsSaid.
    """
    media_type = said.partition(";")[0].strip().lower()
    if not content:
        raise EvidenceEmpty()
    if len(content) > most:
        raise EvidenceTooLarge(size=len(content), most=most)
    if media_type not in _IS:
        raise EvidenceTypeNotTaken()
    if not _IS[media_type][1](content):
        raise EvidenceNotAsSaid(media_type=media_type)
    return media_type


def file_name(sha256: str, media_type: str) -> str:
    """The name under which it is handed out: of its hash, never one that somebody made up."""
    return f"evidence-{sha256[:16]}.{_IS[media_type][0]}" if media_type in _IS else f"evidence-{sha256[:16]}.bin"
