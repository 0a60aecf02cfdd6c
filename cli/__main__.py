"""`speerpunt`, or `python -m cli`: see `speerpunt --help` and docs/command-line.md."""

import sys

from cli.answering import because
from cli.app import app
from cli.exits import Exit


def main() -> None:
    """Ends with the exit code of the command; whatever goes wrong is a sentence."""
    try:
        app(prog_name="speerpunt")
    except Exception as error:
        stopped = because(error)
        sys.stderr.write(stopped.sentence + "\n")
        sys.exit(int(stopped.end))
    except KeyboardInterrupt:
        sys.exit(int(Exit.INTERRUPTED))


if __name__ == "__main__":
    main()
