"""`python -m services.dashboard` runs the dashboard; with `migrate` it brings its schema up to date."""

from runtime.lifespan import main
from services.dashboard.app import MIGRATIONS, NAME, wire
from services.dashboard.settings import Settings

if __name__ == "__main__":
    main(NAME, wire, Settings, MIGRATIONS, loops=("alarms", "money"))
