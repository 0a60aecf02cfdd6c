"""The HTTP door of funding: it translates, and calls one command."""

from fastapi import APIRouter

from services.funding.api import (
    allocations,
    applications,
    balances,
    batches,
    claims,
    commitments,
    contributions,
    deliverables,
    determinations,
    differences,
    finder,
    grants,
    held,
    instalments,
    ledger,
    pledges,
    positions,
    progress,
    schemes,
    senders,
)

BOOKS: tuple[APIRouter, ...] = (
    schemes.router,
    finder.router,
    applications.router,
    grants.router,
    instalments.router,
    progress.router,
    determinations.router,
    deliverables.router,
    allocations.router,
    differences.router,
    commitments.router,
    claims.router,
    ledger.router,
    balances.router,
    contributions.router,
    pledges.router,
    positions.router,
    senders.router,
    batches.router,
    held.router,
)
