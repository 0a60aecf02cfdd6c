"""`python -m services.notifications` runs the service; with `migrate` it brings its schema up to date."""

from runtime.lifespan import main
from services.notifications.app import MIGRATIONS, NAME, wire
from services.notifications.settings import Settings

if __name__ == "__main__":
    main(NAME, wire, Settings, MIGRATIONS, loops=("sender", "reminders"))
