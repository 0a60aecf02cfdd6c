"""Identifiers: new ones sort by time, and whatever has a code keeps the same id for ever, on every machine."""

from uuid import UUID, uuid5

import uuid6

_NAMESPACE = UUID("6f1c2d1e-6d0b-5c3a-9f55-7d0a4f0f5b10")


def new_id() -> UUID:
    """A new UUIDv7. Made at the door and passed in, so that a rule never makes one."""
    return UUID(int=uuid6.uuid7().int)


def consortium_id(code: str) -> UUID:
    """The id of the consortium with this code: the same on every installation."""
    return uuid5(_NAMESPACE, f"consortium/{code}")


def coded_id(consortium: UUID, kind: str, code: str) -> UUID:
    """The id of what has `code` among the things of `kind` in one consortium."""
    return uuid5(consortium, f"{kind}/{code}")
