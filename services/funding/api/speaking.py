"""What the routes of the books have in common: who may read and write them, and how a code looks."""

from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

READ = "funding:read"
WRITE = "funding:write"
READERS = ("office", "controller", "accountant", "operator")

CodeText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$", description="Unique in the region")]
Sentence = Annotated[str, StringConstraints(max_length=500)]
