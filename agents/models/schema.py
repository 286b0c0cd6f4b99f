"""Which schemas may be shown to a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydantic import BaseModel, JsonValue

from agents.errors import AgentSetupError

# Under these keys stand names chosen by us, not keywords of JSON Schema.
_NAME_MAPS = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
_VALUES = frozenset({"enum", "const", "default", "examples"})
_FORBIDDEN = frozenset({"pattern", "patternProperties"})


def assert_model_safe_schema(schema: type[BaseModel] | Mapping[str, JsonValue]) -> None:
    """Refuse a schema with a regular expression in it: servers that compile one hang or answer 500.

    Check such a value in a validator. AgentSetupError names the place.
    """
    if isinstance(schema, type):
        _assert_model_safe_type(schema)
    else:
        _assert_no_regex(schema)


@lru_cache(maxsize=256)  # the same few types, with every task of every agent
def _assert_model_safe_type(schema: type[BaseModel]) -> None:
    _assert_no_regex(schema.model_json_schema())


def _assert_no_regex(plain: Mapping[str, JsonValue]) -> None:
    name = str(plain.get("title", "schema"))
    for place in _regex_places(plain, name):
        raise AgentSetupError(
            f"The schema {name} has a regular expression at {place}; check the value in a validator instead.",
            value=place,
        )


def _regex_places(node: JsonValue | Mapping[str, JsonValue], path: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in _FORBIDDEN:
                yield f"{path}.{key}"
            elif key in _NAME_MAPS and isinstance(value, Mapping):
                for name, inner in value.items():
                    yield from _regex_places(inner, f"{path}.{name}")
            elif key not in _VALUES:
                yield from _regex_places(value, path)
    elif isinstance(node, list):
        for item in node:
            yield from _regex_places(item, path)
