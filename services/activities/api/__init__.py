"""The HTTP door of activities: it translates, and calls one command."""

from fastapi import APIRouter

from services.activities.api import activities, bookings, catalogue

ROUTERS: tuple[APIRouter, ...] = (catalogue.router, activities.router, bookings.router)
