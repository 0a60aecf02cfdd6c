"""How a command ends: one code for each way, documented in docs/command-line.md."""

from enum import IntEnum

from runtime.problems import Kind


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    AMISS = 1
    """It ran, and what it looked at is not in order; or what it was given (a folder, a file) cannot be used."""
    USAGE = 2
    REFUSED = 3
    """A service said no; its sentence says what to do."""
    AWAY = 4
    """Nothing is running, or something of it cannot be reached."""
    NOT_ALLOWED = 5
    """Not signed in, or not in a role that may do this."""
    NOT_FOUND = 6
    FAULT = 70
    """Something went wrong in the command line itself."""
    INTERRUPTED = 130


class Stopped(Exception):
    """A command that ends early: a sentence for a person, a code for a machine, and the exit code."""

    def __init__(self, sentence: str, code: str, end: Exit) -> None:
        super().__init__(sentence)
        self.sentence, self.code, self.end = sentence, code, end


def of_kind(kind: Kind) -> Exit:
    """How a refusal of this kind ends a command."""
    match kind:
        case Kind.UNAUTHENTICATED | Kind.FORBIDDEN:
            return Exit.NOT_ALLOWED
        case Kind.NOT_FOUND:
            return Exit.NOT_FOUND
        case Kind.UNAVAILABLE:
            return Exit.AWAY
        case _:
            return Exit.REFUSED


def of_status(status: int) -> Exit:
    """How a refusal with this HTTP status ends a command."""
    match status:
        case 401 | 403:
            return Exit.NOT_ALLOWED
        case 404:
            return Exit.NOT_FOUND
        case 502 | 503 | 504:
            return Exit.AWAY
        case _:
            return Exit.REFUSED
