"""The HTTP door of activities: it translates, and calls one command."""

from fastapi import APIRouter

from runtime.http import archives
from services.activities.api import activities, bookings, catalogue
from services.activities.archive import PLAN

ROUTERS: tuple[APIRouter, ...] = (catalogue.router, activities.router, bookings.router, archives(PLAN))
