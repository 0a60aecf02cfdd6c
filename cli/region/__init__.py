"""A region folder: what it may say (model), how it is read (reading), and how it is put into the services (load)."""

from cli.region.model import Region
from cli.region.reading import read
from cli.region.troubles import RegionUnusable

__all__ = ["Region", "RegionUnusable", "read"]
