"""The HTTP door of funding: it translates, and calls one command."""

from fastapi import APIRouter

from services.funding.api import (
    allocations,
    commitments,
    contributions,
    finder,
    grants,
    ledger,
    pledges,
    positions,
    schemes,
)

BOOKS: tuple[APIRouter, ...] = (
    schemes.router,
    finder.router,
    grants.router,
    allocations.router,
    commitments.router,
    ledger.router,
    contributions.router,
    pledges.router,
    positions.router,
)
