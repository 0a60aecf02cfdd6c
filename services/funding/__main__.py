"""`python -m services.funding [serve] [--roles http,consumer,relay,...]`, or `migrate`."""

from runtime.lifespan import main
from services.funding.app import MIGRATIONS, NAME, wire
from services.funding.settings import Settings

if __name__ == "__main__":
    main(NAME, wire, Settings, MIGRATIONS, loops=("sealer", "position", "effects", "expiry", "reminding", "calendar"))
