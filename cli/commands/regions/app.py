"""The group of commands about regions."""

import typer

app = typer.Typer(help="Regions: list, add, export, import, close, reopen.", no_args_is_help=True)
