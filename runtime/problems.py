"""Refusals: a sentence with a code, and one table that says what each kind of refusal is called at every door."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from string import Formatter
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What one kind of problem is called over HTTP, over gRPC and among the dead letters."""

    http_status: int
    grpc_status: str
    dead_letter: str
    title: str


class Kind(Enum):
    """The closed set of reasons to say no."""

    INVALID = Answer(400, "INVALID_ARGUMENT", "invalid", "The request is not valid")
    UNAUTHENTICATED = Answer(401, "UNAUTHENTICATED", "unauthenticated", "Sign in first")
    FORBIDDEN = Answer(403, "PERMISSION_DENIED", "forbidden", "This is not yours to do")
    NOT_FOUND = Answer(404, "NOT_FOUND", "not-found", "There is no such thing")
    NOT_ACCEPTABLE = Answer(406, "INVALID_ARGUMENT", "invalid", "No such representation")
    CONFLICT = Answer(409, "FAILED_PRECONDITION", "conflict", "This does not fit the present state")
    IN_PROGRESS = Answer(409, "ABORTED", "in-progress", "The same request is still being handled")
    STALE = Answer(412, "ABORTED", "stale", "Somebody changed this in the meantime")
    TOO_LARGE = Answer(413, "RESOURCE_EXHAUSTED", "too-large", "The request is too large")
    UNSUPPORTED = Answer(415, "INVALID_ARGUMENT", "invalid", "This media type is not accepted")
    PRECONDITION_REQUIRED = Answer(428, "FAILED_PRECONDITION", "conflict", "Say which version you changed")
    TOO_MANY = Answer(429, "RESOURCE_EXHAUSTED", "too-many", "Too many requests")
    UNAVAILABLE = Answer(503, "UNAVAILABLE", "unavailable", "Temporarily unavailable")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: where (a JSON pointer or a parameter's name), a code and a sentence."""

    where: str
    code: str
    message: str


class Problem(Exception):
    """A broken rule, said to the caller.

    A subclass is one rule: its docstring is the sentence, with the facts in braces, and its name in kebab-case is
    the code. `class BudgetExceeded(Problem, kind=Kind.CONFLICT)` answers 409 and FAILED_PRECONDITION. The sentence
    says what is wrong and what to do; it never repeats input that may hold personal data.
    """

    code: str = "problem"
    kind: Kind = Kind.CONFLICT

    def __init_subclass__(cls, kind: Kind | None = None, code: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = code or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
        if kind is not None:
            cls.kind = kind

    def __init__(
        self,
        *,
        errors: Sequence[FieldError] = (),
        retry_after_seconds: int | None = None,
        **facts: Any,
    ) -> None:
        sentence = " ".join((type(self).__doc__ or type(self).code).split())
        missing = {name for _, name, _, _ in Formatter().parse(sentence) if name} - facts.keys()
        if missing:
            raise TypeError(f"{type(self).__name__} needs {', '.join(sorted(missing))} for its sentence")
        self.detail = sentence.format(**facts)
        self.facts = facts
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.detail)


class InvalidInput(Problem, kind=Kind.INVALID):
    """The request is not valid: {summary}"""


class NotFound(Problem, kind=Kind.NOT_FOUND):
    """There is no {what} here, or it is not yours to see."""


class Stale(Problem, kind=Kind.STALE):
    """This {what} was changed since you read it (it is at version {version} now). Read it again and repeat
    your change."""


class Unavailable(Problem, kind=Kind.UNAVAILABLE):
    """{what} cannot be reached right now; nothing was changed. Try again in a moment."""


class Forbidden(Problem, kind=Kind.FORBIDDEN):
    """You may not do this: {why}"""


class SamePerson(Problem, kind=Kind.FORBIDDEN):
    """{what} needs a second person: you did the earlier step yourself. Ask a colleague to {do}."""
