"""Rows to rules and back; nothing in here decides anything. The statements stand in `queries/`, named and described."""

from runtime.queries import Queries

Q = Queries(__file__, "../queries")
