"""The HTTP door of funding: it translates, and calls one command."""

from fastapi import APIRouter

from services.funding.api import allocations, commitments, contributions, grants, ledger, schemes

BOOKS: tuple[APIRouter, ...] = (
    schemes.router,
    grants.router,
    allocations.router,
    commitments.router,
    ledger.router,
    contributions.router,
)
