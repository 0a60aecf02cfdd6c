"""`speerpunt`: the command line of operators, put together from the files in `commands/`.

A group of commands is one file with a typer app; to add one, name it in GROUPS.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.commands import dead_letters, ledger, money, regions, reports, running, senders, watching
from cli.installation import Where

GROUPS: tuple[tuple[str, typer.Typer], ...] = (
    ("", running.app),
    ("", watching.app),
    ("", money.app),
    ("ledger", ledger.app),
    ("dead-letters", dead_letters.app),
    ("report", reports.app),
    ("region", regions.app),
    ("sender", senders.app),
)
"""Name and app; without a name its commands stand by themselves."""

app = typer.Typer(
    name="speerpunt",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _group in GROUPS:
    app.add_typer(_group, name=_name or None)


@app.callback()
def speerpunt(
    context: typer.Context,
    addresses: Annotated[
        str,
        typer.Option(
            envvar="SPEERPUNT_ADDRESSES",
            help="Where the services are: service.http=URL,service.grpc=HOST:PORT,...; else what `speerpunt up` left.",
        ),
    ] = "",
    token_file: Annotated[
        Path | None,
        typer.Option(
            envvar="SPEERPUNT_TOKEN_FILE", help="A file with an operator's token; SPEERPUNT_TOKEN holds one itself."
        ),
    ] = None,
    token: Annotated[str, typer.Option(envvar="SPEERPUNT_TOKEN", hidden=True)] = "",
) -> None:
    """Speerpunt's command line, for operators: where the regions stand, how the events flow, and what to do about it.

    Exit codes: 0 done, 1 not in order, 2 wrong use, 3 refused by a service, 4 something is away, 5 not allowed, 6 no
    such thing, 70 a fault of the command line, 130 interrupted.
    """
    context.obj = Where(addresses, token, token_file)
