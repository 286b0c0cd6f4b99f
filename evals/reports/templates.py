"""The templates of the pages beside them; what they are given is escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape


@cache
def template(name: str) -> Template:
    """Return a template by its file's name."""
    found = Environment(
        loader=PackageLoader("evals.reports", ""),
        undefined=StrictUndefined,
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return found.get_template(name)
