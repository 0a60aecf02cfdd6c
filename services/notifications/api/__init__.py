"""The HTTP door of notifications: it translates, and calls one command."""

from services.notifications.api import milestones, notices

ROUTERS = (milestones.router, notices.router)
