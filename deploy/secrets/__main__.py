"""`python -m deploy.secrets [FOLDER]`: makes what is missing in the folder of secrets, and overwrites nothing."""

import sys
from pathlib import Path

from deploy.secrets.folder import fill

if __name__ == "__main__":
    sys.exit(fill(Path(sys.argv[1] if len(sys.argv) > 1 else "secrets")))
