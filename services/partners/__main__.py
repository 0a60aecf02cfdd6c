"""`python -m services.partners [serve|migrate]`."""

from pathlib import Path

from runtime.lifespan import main
from services.partners.app import wire
from services.partners.settings import Settings

main("partners", wire, Settings, Path(__file__).with_name("migrations"), loops=("erasures",))
