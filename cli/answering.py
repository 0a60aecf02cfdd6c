"""Every command answers the same way: a document for a machine, the same told to a person, an exit code; never a stack.

`answers(app)` makes a function a command. The function returns an `Answer`; what it raises becomes a sentence on stderr
(with --json a document there) and an exit code. A parameter `at: Operator` is not asked of the person: it is the
installation that was found, signed in to.
"""

import asyncio
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Annotated, Any

import grpc
import httpx2
import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from cli.exits import Exit, Stopped, of_kind, of_status
from cli.installation import Operator, Region, Where
from cli.portal import Refused
from cli.region import RegionUnusable
from deploy.embedded.problems import CannotStart
from runtime.problems import Problem
from runtime.words import LOCALES, Words

WIDTH = 160
"""Of what goes into a file or a pipe."""
Show = Callable[[Console, Words], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say. `language`, `currency` and `zone` are those of the region it is about, if any."""

    document: Any
    show: Show
    end: Exit = Exit.DONE
    language: str = ""
    currency: str = "EUR"
    zone: str = "Europe/Amsterdam"

    def of(self, region: Region) -> "Answer":
        """The same, about this region."""
        return replace(self, language=region.language, currency=region.currency, zone=region.zone)


AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, for a machine.")]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        envvar="SPEERPUNT_LANG",
        help="Write numbers and days as in nl, sv or en; the region's own language when left out.",
        metavar="[nl|sv|en]",
    ),
]


def answers(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function that returns an Answer (or an awaitable one) a command of this app."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function, eval_str=True)
        connects = "at" in signature.parameters
        asked = [each for each in signature.parameters.values() if each.name != "at"]
        extra = {"context": typer.Context, "as_json": AsJson, "lang": Language}
        defaults = {"context": inspect.Parameter.empty, "as_json": False, "lang": ""}

        @wraps(function)
        def command(context: typer.Context, as_json: bool, lang: str, **given: Any) -> None:
            where = context.obj if isinstance(context.obj, Where) else Where()
            raise typer.Exit(int(ended(lambda: _call(function, where if connects else None, given), as_json, lang)))

        added = [
            inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, default=defaults[each], annotation=kind)
            for each, kind in extra.items()
        ]
        keyword = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in asked]
        command.__signature__ = inspect.Signature([*keyword, *added])  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in (*keyword, *added)}
        app.command(name, help=inspect.getdoc(function))(command)
        return function

    return decorate


def ended(work: Callable[[], Answer], as_json: bool, lang: str) -> Exit:
    """Does it, and tells what came of it."""
    try:
        if lang and lang not in LOCALES:
            raise Stopped(f"There is no language '{lang}' here: choose {', '.join(LOCALES)}.", "usage", Exit.USAGE)
        answer = work()
        if as_json:
            sys.stdout.write(json.dumps(answer.document, indent=2, ensure_ascii=False, default=str) + "\n")
        else:
            language = lang or answer.language or os.environ.get("LANG", "")[:2]
            answer.show(_console(), Words(language, answer.currency, answer.zone))
        sys.stdout.flush()
        return answer.end
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except (KeyboardInterrupt, asyncio.CancelledError):
        return Exit.INTERRUPTED
    except BaseException as error:
        if isinstance(error, SystemExit | GeneratorExit):
            raise
        stopped = because(error)
        if as_json:
            told = {"error": {"code": stopped.code, "sentence": stopped.sentence, "exit": int(stopped.end)}}
            sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
        else:
            sys.stderr.write(stopped.sentence + "\n")
        return stopped.end


def because(error: BaseException) -> Stopped:
    """Why a command stopped, in a sentence that says what to do; also of several errors at the same time."""
    found = [_one(each) for each in _flat(error)]
    order = (Exit.FAULT, Exit.NOT_ALLOWED, Exit.AWAY)
    worst = min(found, key=lambda each: order.index(each.end) if each.end in order else len(order))
    sentences = dict.fromkeys(each.sentence for each in found if each.end is worst.end)
    return Stopped("\n".join(sentences), worst.code, worst.end)


def _one(error: BaseException) -> Stopped:
    match error:
        case Stopped():
            return error
        case Problem():
            return Stopped(error.detail, error.code, of_kind(error.kind))
        case Refused():
            return Stopped(error.detail, error.code, of_status(error.status))
        case CannotStart():
            return Stopped(str(error), "cannot-start", Exit.AMISS)
        case RegionUnusable():
            return Stopped(str(error), "region-unusable", Exit.AMISS)
        case httpx2.TransportError():
            where = f"{error.request.url.scheme}://{error.request.url.netloc.decode()}"
            sentence = f"{where} does not answer. `speerpunt status` says which services are there; its log says why."
            return Stopped(sentence, "unavailable", Exit.AWAY)
        case KafkaError():
            sentence = f"Kafka says: {error}. Is it running, and is the administrator's password right? Then try again."
            return Stopped(sentence, "kafka", Exit.AWAY)
        case grpc.aio.AioRpcError() | ConnectionError() | TimeoutError():
            sentence = "A service did not answer. `speerpunt status` says which are there; try again in a moment."
            return Stopped(sentence, "unavailable", Exit.AWAY)
        case OSError(filename=str(name), strerror=str(why)):
            return Stopped(f"{name} cannot be used: {why}. Name another file or folder.", "file", Exit.AMISS)
        case _:
            place = _place(error)
            sentence = f"Something went wrong in the command line itself ({type(error).__name__} at {place})."
            return Stopped(f"{sentence} Nothing more is known; please report it.", "fault", Exit.FAULT)


def _flat(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _flat(each)
    else:
        yield error


def _place(error: BaseException) -> str:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if step is None:
        return "no place"
    return f"{os.path.basename(step.tb_frame.f_code.co_filename)}:{step.tb_lineno}"


def _call(function: Callable[..., Any], where: Where | None, given: Mapping[str, Any]) -> Answer:
    async def connected() -> Any:
        if where is None:
            made = function(**given)
            return await made if inspect.isawaitable(made) else made
        async with Operator.found(where) as at:
            return await function(at=at, **given)

    found: Answer
    if where is None and not inspect.iscoroutinefunction(function):
        found = function(**given)
    else:
        found = asyncio.run(connected())
    return found


def _console() -> Console:
    """As wide as the terminal; a file or a pipe gets lines that are not cut."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH, soft_wrap=not sys.stdout.isatty())
