"""`sender add | rotate | remove | list`: the systems of companies, admitted to Kafka and to the books by an operator.

An installation is what `make up` left running, or the one that SPEERPUNT_ADDRESSES (`funding.http=URL`) with an
operator's token (SPEERPUNT_TOKEN or SPEERPUNT_TOKEN_FILE), and SPEERPUNT_KAFKA_* with its administrator, name.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx2
import typer
from aiokafka.errors import KafkaError

from cli.installation import Where
from cli.portal import Portal, Refused, Running
from deploy.embedded.folders import runs_folder
from deploy.embedded.up import running
from deploy.kafka import senders
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from runtime import ids
from runtime.settings import Settings, load

app = typer.Typer(help="Systems of companies: add, rotate, remove, list.", no_args_is_help=True, rich_markup_mode=None)
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MANDATE = re.compile(r"([a-z0-9-]+)/([a-z0-9-]+):(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?")
NOBODY = UUID(int=0)
USAGE, REFUSED, AWAY, NOT_ALLOWED, NOT_FOUND = 2, 3, 4, 5, 6
ENDS = {401: NOT_ALLOWED, 403: NOT_ALLOWED, 404: NOT_FOUND}

Code = Annotated[str, typer.Argument(help="Code of the sender: small letters, digits and dashes.", metavar="CODE")]
Address = Annotated[
    str,
    typer.Option(help="Where its system reaches Kafka, when that is another address than ours.", metavar="HOST:PORT"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, for a machine.")]


class Stopped(Exception):
    """What ends a command early: a sentence, and the exit code."""

    def __init__(self, sentence: str, end: int) -> None:
        super().__init__(sentence)
        self.end = end


@dataclass(frozen=True, slots=True)
class Mandate:
    """For which organisation of which region a sender may declare, for work on which days."""

    region: str
    organisation: str
    from_: date
    until: date | None

    @classmethod
    def of(cls, text: str) -> "Mandate":
        """`REGION/ORGANISATION:FROM..UNTIL`, the last part optional. Raises Stopped."""
        found = MANDATE.fullmatch(text)
        try:
            if found is None:
                raise ValueError
            region, organisation, *days = found.groups()
            first, last = (date.fromisoformat(day) if day else None for day in days)
        except ValueError:
            raise Stopped(
                f"'{text}' is no mandate: write REGION/ORGANISATION:FROM, or REGION/ORGANISATION:FROM..UNTIL with days "
                "such as 2024-09-01.",
                USAGE,
            ) from None
        if first is None or (last is not None and last < first):
            raise Stopped(f"'{text}' ends before it begins.", USAGE)
        return cls(region, organisation, first, last)

    @property
    def body(self) -> dict[str, str]:
        return {"from": str(self.from_)} | ({"until": str(self.until)} if self.until else {})


@dataclass(slots=True)
class Installation:
    """The doors that admit a sender: funding over REST, and the cluster."""

    client: httpx2.AsyncClient
    addresses: dict[str, str]
    token: str
    running: Running | None
    admin: Login
    prefix: str = ""
    """Of its topics, when it shares a cluster."""

    @classmethod
    @asynccontextmanager
    async def found(cls, where: Where) -> AsyncIterator["Installation"]:
        """The one that the environment names, else what is running here. Raises Stopped."""
        async with httpx2.AsyncClient(timeout=60) as client:
            if where.addresses:
                doors = (part.strip().partition("=") for part in where.addresses.split(","))
                http = {door.removesuffix(".http"): url for door, _, url in doors if door.endswith(".http")}
                settings = load(Settings)
                admin = Login.of(settings)
                if not (token := _token(where)) or "funding" not in http or not admin.user:
                    raise Stopped(
                        "To admit senders set SPEERPUNT_ADDRESSES with funding.http=URL, SPEERPUNT_TOKEN or "
                        "SPEERPUNT_TOKEN_FILE of an operator, and SPEERPUNT_KAFKA_BOOTSTRAP, _USERNAME and _PASSWORD "
                        "of an administrator.",
                        USAGE,
                    )
                yield cls(client, http, token, None, admin, settings.topic_prefix)
                return
            known = running(where.up or runs_folder() / "up.json")
            if known is None:
                raise Stopped("Nothing is running here. Start it with `make up`, or set SPEERPUNT_ADDRESSES.", AWAY)
            here = Running(known["http"], known["issuer"], known["person_secret"])
            admin = Login(known["kafka"], known["kafka_user"], known["kafka_password"])
            yield cls(client, here.http, "", here, admin)

    def cluster(self) -> Cluster:
        """Its administrator at Kafka, to be opened."""
        return Cluster(self.admin, self.prefix)

    async def operator(self, region: UUID | None = None) -> Portal:
        """An operator at REST, for this region or for what belongs to none."""
        if self.running is None:
            return Portal(self.client, self.addresses, self.token, consortium_id=region)
        return await Portal.sign_in(self.client, self.running, "operator-1", ["operator"], region or NOBODY)


def _token(where: Where) -> str:
    return where.token or (where.token_file.read_text(encoding="utf-8").strip() if where.token_file else "")


def _where() -> Where:
    """What the environment says."""
    file = os.environ.get("SPEERPUNT_TOKEN_FILE")
    addresses, token = (os.environ.get(name, "") for name in ("SPEERPUNT_ADDRESSES", "SPEERPUNT_TOKEN"))
    return Where(addresses, token, Path(file) if file else None)


async def admit(at: Installation, code: str, title: str, mandates: list[Mandate], rate: int) -> Login | None:
    """Admits a sender to the books and to the cluster; how it connects, or None when it was there already.

    The user comes last: a system that can connect has its topics and mandates. Raises Refused, KafkaError.
    """
    operator = await at.operator()
    known = {each["code"]: each["title"] for each in await operator.get("funding", "/v1/senders")}
    await operator.put("funding", f"/v1/senders/{code}", {"title": title or known.get(code, code)})
    for each in mandates:
        office = await at.operator(ids.consortium_id(each.region))
        await office.put("funding", f"/v1/senders/{code}/mandates/{each.organisation}", each.body)
    async with at.cluster() as cluster:
        return await senders.admit(cluster, code, rate)


async def dismiss(at: Installation, code: str, on: date) -> tuple[bool, int]:
    """Takes its user away and ends its mandates; whether it had one, and how many mandates were changed."""
    async with at.cluster() as cluster:
        known = await senders.dismiss(cluster, code)
    operator = await at.operator()
    told = await operator.put("funding", f"/v1/senders/{code}/end", {"on": str(on)})
    return known, int(told["ended"])


@app.command()
def add(
    code: Code,
    title: Annotated[str, typer.Option(help="What people call it; its code when it never had a title.")] = "",
    mandate: Annotated[
        list[str] | None,
        typer.Option(help="For whom it may declare, again for more.", metavar="REGION/ORGANISATION:FROM[..UNTIL]"),
    ] = None,
    bytes_per_second: Annotated[
        int, typer.Option(min=1024, help="How much it may send before the broker holds it back.")
    ] = senders.SENT_BYTES_PER_SECOND,
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Admit a system: its topics, mandates, Kafka user, rights and limits. Prints how it connects, once.

    What is printed can be kept as a settings file; lines that begin with # are remarks. Adding it again changes only
    what is different, and gives no new password: that is `rotate`.
    """

    async def work(at: Installation) -> None:
        found = await admit(at, code, title, mandates, bytes_per_second)
        _tell(at, code, found, "is admitted", address, as_json)

    try:
        mandates = [Mandate.of(each) for each in mandate or ()]
    except Stopped as stopped:
        raise _exit(str(stopped), stopped.end) from None
    _ended(code, work)


@app.command()
def rotate(code: Code, address: Address = "", as_json: AsJson = False) -> None:
    """Give a system another password, printed once. The old one opens no connection any more."""

    async def work(at: Installation) -> None:
        async with at.cluster() as cluster:
            found = await senders.rotate(cluster, code)
        _tell(at, code, found, "has another password", address, as_json)

    _ended(code, work)


@app.command()
def remove(code: Code, as_json: AsJson = False) -> None:
    """Shut a system out: its user, rights and limits go, its mandates end today. Its topics stay for their 30 days."""

    async def work(at: Installation) -> None:
        known, ended = await dismiss(at, code, datetime.now(UTC).date())
        if as_json:
            typer.echo(json.dumps({"sender": code, "removed": known, "mandatesEnded": ended}))
        else:
            what = "is shut out" if known else "had no user"
            typer.echo(f"{code} {what}; mandates ended: {ended}. Its topics stay for as long as they keep.")
            typer.echo("If it also had a token for HTTP, take that back where it was issued.")

    _ended(code, work)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Every system that was admitted, whether it can connect, and how much it may send."""

    async def work(at: Installation) -> None:
        operator = await at.operator()
        async with at.cluster() as cluster:
            users = {each.code: each for each in await senders.admitted(cluster)}
        known = {each["code"]: each["title"] for each in await operator.get("funding", "/v1/senders")}
        found = [
            {
                "sender": code,
                "title": known.get(code, ""),
                "connects": code in users,
                "bytesPerSecond": int(users[code].sent_bytes_per_second) if code in users else 0,
            }
            for code in sorted({*known, *users})
        ]
        if as_json:
            typer.echo(json.dumps({"senders": found}, ensure_ascii=False))
            return
        for each in found:
            may = f"{each['bytesPerSecond'] // 1024} KiB/s" if each["connects"] else "shut out"
            typer.echo(f"{each['sender']:30} {may:12} {each['title']}")

    _ended(None, work)


def _tell(at: Installation, code: str, found: Login | None, what: str, address: str, as_json: bool) -> None:
    if found is None:
        again = f"{code} was admitted before; its password stays as it is. For another one: sender rotate {code}."
        typer.echo(json.dumps({"sender": code, "added": False}) if as_json else f"# {again}")
        return
    found = replace(found, bootstrap=address or found.bootstrap)
    lines = senders.settings_of(code, found, at.prefix)
    if as_json:
        pairs = (line.partition("=") for line in lines.splitlines() if not line.startswith("#"))
        typer.echo(json.dumps({"sender": code, "added": True, "settings": {name: value for name, _, value in pairs}}))
        return
    typer.echo(f"# {code} {what}. Give this to its developer: the password is kept nowhere and is not shown again.")
    if found.ca_file:
        typer.echo(f"# ca.pem, which it trusts, is a copy of {found.ca_file}.")
    typer.echo(lines)


def _ended(code: str | None, work: Callable[[Installation], Awaitable[Any]]) -> None:
    """Does it with the installation; what goes wrong is a sentence on stderr and an exit code."""

    where = _where()

    async def connected() -> None:
        if code is not None and not CODE.fullmatch(code):
            raise Stopped(f"'{code}' is no code: small letters, digits, dashes; at most 60, no dash first.", USAGE)
        async with Installation.found(where) as at:
            await work(at)

    try:
        asyncio.run(connected())
    except Stopped as stopped:
        raise _exit(str(stopped), stopped.end) from None
    except senders.NoSuchSender as unknown:
        raise _exit(str(unknown), NOT_FOUND) from None
    except Refused as refused:
        raise _exit(refused.detail, ENDS.get(refused.status, REFUSED)) from None
    except KafkaError as error:
        raise _exit(f"Kafka says: {error}. Is it running, and is the administrator's password right?", AWAY) from None
    except (httpx2.TransportError, OSError, TimeoutError):
        raise _exit("A service did not answer. Is everything running? Try again in a moment.", AWAY) from None


def _exit(sentence: str, code: int) -> typer.Exit:
    sys.stderr.write(sentence + "\n")
    return typer.Exit(code)


if __name__ == "__main__":
    app()
