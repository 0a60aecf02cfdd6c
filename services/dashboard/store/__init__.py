"""The read model in SQL."""

from runtime.queries import Queries

Q = Queries(__file__, "queries")
