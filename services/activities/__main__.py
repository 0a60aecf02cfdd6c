"""`python -m services.activities` runs the service; with `migrate` it brings its schema up to date."""

from runtime.lifespan import main
from services.activities.app import MIGRATIONS, NAME, wire
from services.activities.settings import Settings

if __name__ == "__main__":
    main(NAME, wire, Settings, MIGRATIONS, loops=("holds", "budget"))
