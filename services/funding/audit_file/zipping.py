"""A zip that is written as it is sent: what is in memory is one chunk, whatever the size of the whole."""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from io import RawIOBase
from typing import IO


class _Sink(RawIOBase):
    """Takes what the zip writes until it is drained. It cannot seek, so the zip never goes back."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: object) -> int:
        content = bytes(part)  # type: ignore[call-overload]
        self._held.append(content)
        return len(content)

    def drain(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held


@dataclass
class Zip:
    """Files one after the other, each hashed on the way. `finish` adds their list and its hash, `close` does not."""

    at: datetime
    _sink: _Sink = field(default_factory=_Sink)
    _listed: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._open: IO[bytes] | None = None
        self._name, self._size = "", 0
        self._digest = hashlib.sha256()

    def begin(self, name: str) -> None:
        """Begins a file; the one before it ends."""
        self.end()
        info = zipfile.ZipInfo(name, max(self.at.timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        self._open = self._zip.open(info, "w", force_zip64=True)
        self._name, self._size, self._digest = name, 0, hashlib.sha256()

    def write(self, content: bytes) -> bytes:
        """Adds to the file that was begun; what there is to send meanwhile."""
        assert self._open is not None
        self._open.write(content)
        self._digest.update(content)
        self._size += len(content)
        return self._sink.drain()

    def end(self) -> None:
        if self._open is not None:
            self._open.close()
            self._listed.append({"name": self._name, "bytes": self._size, "sha256": self._digest.hexdigest()})
            self._open = None

    def finish(self) -> bytes:
        """Ends the zip with `manifest.json` and `manifest.sha256`; the last bytes to send."""
        self.end()
        listing = json.dumps({"files": self._listed}, indent=1).encode()
        self.begin("manifest.json")
        parts = [self.write(listing)]
        self.begin("manifest.sha256")
        parts.append(self.write(hashlib.sha256(listing).hexdigest().encode() + b"\n"))
        return b"".join([*parts, self.close()])

    def close(self) -> bytes:
        """Ends the zip as it is; the last bytes to send."""
        self.end()
        self._zip.close()
        return self._sink.drain()
