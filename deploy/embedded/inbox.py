"""The demo's mail inbox: an SMTP server that writes every mail to a file one can open. `inbox FOLDER PORT [HOST]`."""

import asyncio
import os
import signal
import sys
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

from aiosmtpd import smtp

MOST_BYTES = 1_000_000


class Folder:
    """Keeps mails as `0001.eml`, `0002.eml`, in the order they came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = len(list(folder.glob("*.eml")))

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """aiosmtpd's hook. The addressees of the envelope are kept, since a blind copy stands nowhere else."""
        message = message_from_bytes(envelope.content, policy=SMTP)
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self.count += 1
        path = self.folder / f"{self.count:04}.eml"
        fresh = path.with_suffix(".new")
        fresh.write_bytes(message.as_bytes())
        os.replace(fresh, path)
        return f"250 Kept as {path.name}"


async def serve(folder: Path, port: int, host: str = "127.0.0.1") -> None:
    """Serves until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keeper = Folder(folder)
    server = await loop.create_server(
        lambda: smtp.SMTP(keeper, hostname="inbox", data_size_limit=MOST_BYTES, enable_SMTPUTF8=True),
        host,
        port,
    )
    async with server:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4]))
