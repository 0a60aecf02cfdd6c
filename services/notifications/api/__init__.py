"""The HTTP door of notifications: it translates, and calls one command."""

from runtime.http import archives
from services.notifications.api import milestones, notices
from services.notifications.archive import PLAN

ROUTERS = (milestones.router, notices.router, archives(PLAN))
