"""Rows to domain and back. The statements stand in `queries/`, named and described."""

from runtime.queries import Queries

Q = Queries(__file__, "../queries")
