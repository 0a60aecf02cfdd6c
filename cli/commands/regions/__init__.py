"""The life of one region: which there are, a new one, all of one to take away, and the end of one."""

from cli.commands.regions import closing, export, importing, listing
from cli.commands.regions.app import app

__all__ = ["app", "closing", "export", "importing", "listing"]
