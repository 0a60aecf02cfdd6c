"""What the Makefile and the tests call: `python -m deploy.embedded up | down | test-servers FILE PID | lock`."""

import asyncio
import sys
from pathlib import Path

from deploy.embedded.problems import CannotStart


def main(words: list[str]) -> int:
    match words:
        case ["up"]:
            from deploy.embedded import up

            return up.up()
        case ["down"]:
            from deploy.embedded import up

            return up.down()
        case ["stay", told]:
            from deploy.embedded import up

            return asyncio.run(up.stay(Path(told)))
        case ["test-servers", told, holder]:
            from deploy.embedded import pair

            asyncio.run(pair.serve(Path(told), int(holder)))
            return 0
        case ["lock"]:
            from deploy.embedded import jars

            jars.write_lock()
            return 0
    print(__doc__)
    return 2


def sentences(error: BaseException) -> list[str]:
    """The sentences in an error, also when several things failed at the same time."""
    if isinstance(error, BaseExceptionGroup):
        return [sentence for each in error.exceptions for sentence in sentences(each)]
    return [str(error)]


def run(words: list[str]) -> int:
    """The exit code; what could not start is told in sentences, not in a traceback."""
    code = 0
    try:
        code = main(words)
    except* CannotStart as stopped:
        print("\n".join(sentences(stopped)), file=sys.stderr)
        code = 1
    except* KeyboardInterrupt:
        code = 130
    return code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
