"""The systems of companies, admitted to Kafka and to the books by an operator: add, rotate, remove, list."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.answering import Answer, answers
from cli.exits import Exit, Stopped
from cli.installation import Operator
from deploy.kafka import senders
from deploy.kafka.login import Login
from runtime import ids
from runtime.words import Words

app = typer.Typer(help="Systems of companies: add, rotate, remove, list.", no_args_is_help=True)
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MANDATE = re.compile(r"([a-z0-9-]+)/([a-z0-9-]+):(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?")


def _code(value: str) -> str:
    if not CODE.fullmatch(value):
        raise typer.BadParameter(f"'{value}' is no code: small letters, digits, dashes; at most 60, no dash first.")
    return value


Code = Annotated[
    str,
    typer.Argument(
        help="Code of the sender: small letters, digits and dashes.", metavar="CODE", callback=_code, show_default=False
    ),
]
Address = Annotated[
    str,
    typer.Option(help="Where its system reaches Kafka, when that is another address than ours.", metavar="HOST:PORT"),
]


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
                "usage",
                Exit.USAGE,
            ) from None
        if first is None or (last is not None and last < first):
            raise Stopped(f"'{text}' ends before it begins.", "usage", Exit.USAGE)
        return cls(region, organisation, first, last)

    @property
    def body(self) -> dict[str, str]:
        return {"from": str(self.from_)} | ({"until": str(self.until)} if self.until else {})


def _mandate(text: str) -> Mandate:
    try:
        return Mandate.of(text)
    except Stopped as stopped:
        raise typer.BadParameter(stopped.sentence) from None


@answers(app)
async def add(
    at: Operator,
    code: Code,
    title: Annotated[str, typer.Option(help="What people call it; its code when it never had a title.")] = "",
    mandate: Annotated[
        list[Mandate] | None,
        typer.Option(
            help="For whom it may declare, again for more.",
            metavar="REGION/ORGANISATION:FROM[..UNTIL]",
            parser=_mandate,
        ),
    ] = None,
    bytes_per_second: Annotated[
        int, typer.Option(min=1024, help="How much it may send before the broker holds it back.")
    ] = senders.SENT_BYTES_PER_SECOND,
    address: Address = "",
) -> Answer:
    """Admit a system: its topics, mandates, Kafka user, rights and limits. Prints how it connects, once.

    What is printed can be kept as a settings file; lines that begin with # are remarks. Adding it again changes only
    what is different, and gives no new password: that is `rotate`.
    """
    login = await admit(at, code, title, mandate or [], bytes_per_second)
    return _told(at, code, login, "is admitted", address)


@answers(app)
async def rotate(at: Operator, code: Code, address: Address = "") -> Answer:
    """Give a system another password, printed once. The old one opens no connection any more."""
    async with at.installation.cluster() as cluster:
        try:
            login = await senders.rotate(cluster, code)
        except senders.NoSuchSender as unknown:
            raise Stopped(str(unknown), "not-found", Exit.NOT_FOUND) from None
    return _told(at, code, login, "has another password", address)


@answers(app)
async def remove(at: Operator, code: Code) -> Answer:
    """Shut a system out: its user, rights and limits go, its mandates end today. Its topics stay for their 30 days."""
    known, ended = await dismiss(at, code, datetime.now(UTC).date())

    def tell(console: Console, words: Words) -> None:
        what = "is shut out" if known else "had no user"
        _print(
            console, f"{code} {what}; mandates ended: {words.number(ended)}. Its topics stay for as long as they keep."
        )
        _print(console, "If it also had a token for HTTP, take that back where it was issued.")

    return Answer({"sender": code, "removed": known, "mandatesEnded": ended}, tell)


@answers(app, "list")
async def list_(at: Operator) -> Answer:
    """Every system that was admitted, whether it can connect, and how much it may send."""
    async with at.installation.cluster() as cluster:
        users = {each.code: each for each in await senders.admitted(cluster)}
    portal = await at.portal(None)
    known = {each["code"]: each["title"] for each in await portal.get("funding", "/v1/senders")}
    found = [
        {
            "sender": code,
            "title": known.get(code, ""),
            "connects": code in users,
            "bytesPerSecond": int(users[code].sent_bytes_per_second) if code in users else 0,
        }
        for code in sorted({*known, *users})
    ]

    def tell(console: Console, words: Words) -> None:
        if not found:
            _print(console, "No system was admitted yet. `speerpunt sender add CODE` admits one.")
            return
        table = Table(box=None, pad_edge=False)
        for title in ("sender", "may send", "title"):
            table.add_column(title)
        for each in found:
            may = f"{words.number(each['bytesPerSecond'] // 1024)} KiB/s" if each["connects"] else "shut out"
            table.add_row(escape(each["sender"]), may, escape(each["title"]))
        console.print(table)

    return Answer({"senders": found}, tell)


async def admit(at: Operator, code: str, title: str, mandates: list[Mandate], rate: int) -> Login | None:
    """Admits a sender to the books and to the cluster; how it connects, or None when it was there already.

    The user comes last: a system that can connect has its topics and mandates. Raises Refused, KafkaError.
    """
    operator = await at.portal(None)
    known = {each["code"]: each["title"] for each in await operator.get("funding", "/v1/senders")}
    await operator.put("funding", f"/v1/senders/{code}", {"title": title or known.get(code, code)})
    for each in mandates:
        office = await at.portal(ids.consortium_id(each.region))
        await office.put("funding", f"/v1/senders/{code}/mandates/{each.organisation}", each.body)
    async with at.installation.cluster() as cluster:
        return await senders.admit(cluster, code, rate)


async def dismiss(at: Operator, code: str, on: date) -> tuple[bool, int]:
    """Takes its user away and ends its mandates; whether it had one, and how many mandates were changed."""
    async with at.installation.cluster() as cluster:
        known = await senders.dismiss(cluster, code)
    operator = await at.portal(None)
    told = await operator.put("funding", f"/v1/senders/{code}/end", {"on": str(on)})
    return known, int(told["ended"])


def _told(at: Operator, code: str, login: Login | None, what: str, address: str) -> Answer:
    if login is None:
        again = f"{code} was admitted before; its password stays as it is. For another: speerpunt sender rotate {code}."
        return Answer({"sender": code, "added": False}, lambda console, _: _print(console, f"# {again}"))
    login = replace(login, bootstrap=address or login.bootstrap)
    lines = senders.settings_of(code, login, at.installation.topic_prefix)
    pairs = (line.partition("=") for line in lines.splitlines())
    document: dict[str, Any] = {"sender": code, "added": True, "settings": {name: value for name, _, value in pairs}}

    def tell(console: Console, _words: Words) -> None:
        _print(
            console, f"# {code} {what}. Give this to its developer: the password is kept nowhere and not shown again."
        )
        if login.ca_file:
            _print(console, f"# ca.pem, which it trusts, is a copy of {login.ca_file}.")
        _print(console, lines)

    return Answer(document, tell)


def _print(console: Console, text: str) -> None:
    """As it is: what is printed may be kept as a file."""
    console.print(text, markup=False, soft_wrap=True)
