"""YAML as people write it: read into a model, with a line for everything that is wrong."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cli.region.troubles import Trouble, of_document

M = TypeVar("M", bound=BaseModel)


class _OnceOnly(yaml.SafeLoader):
    """Refuses a name that stands twice in one place: YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def document(path: Path, model: type[M], troubles: list[Trouble]) -> M | None:
    """What a YAML file says; None, and what is wrong in `troubles`, when that is not usable."""
    try:
        return model.model_validate(yaml.load(path.read_text(encoding="utf-8-sig"), _OnceOnly))  # noqa: S506
    except OSError as error:
        troubles.append(Trouble(path, "", f"cannot be read ({error.strerror}). Name a folder with a {path.name}."))
    except UnicodeDecodeError as error:
        troubles.append(Trouble(path, "", f"is not UTF-8 (byte {error.start + 1}). Save it as UTF-8."))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        troubles.append(Trouble(path, place, f"is not YAML: {error.problem}."))
    except yaml.YAMLError as error:
        troubles.append(Trouble(path, "", f"is not YAML: {' '.join(str(error).split())}."))
    except ValidationError as error:
        troubles += of_document(path, error)
    return None
