"""The HTTP door of partners: it translates, and calls one command."""

from fastapi import APIRouter

from runtime.http import archives
from services.partners.api import agreements, erasure, groups, membership, organisations, persons, regions, standing
from services.partners.archive import PLAN, loaded

ROUTERS: tuple[APIRouter, ...] = (
    regions.router,
    organisations.router,
    persons.router,
    erasure.router,
    membership.router,
    groups.router,
    agreements.router,
    standing.router,
    archives(PLAN, loaded),
)
