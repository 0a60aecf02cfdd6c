"""The commands of `speerpunt`, one typer app per file; `cli/app.py` puts them together."""
