"""Rows to rules and back. Nothing in here decides anything."""

from pathlib import Path

from runtime.queries import Queries

Q = Queries(str(Path(__file__).parent), "queries.sql")
