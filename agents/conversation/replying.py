"""Replies: words whose numbers are figures with sources, so that nothing is invented in a conversation either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from policies.figures import Figure, FigureSource, figures_named, require_sourced, say


class Reply(NamedTuple):
    """What is answered: prose with `{figure:ID}` and `{brief:START-END}`, and what these stand for."""

    text: str
    figures: Mapping[str, Figure] = {}
    brief: str = ""

    def spoken(self) -> str:
        """Return the words as a person reads them; UnsourcedNumberError for a number that nothing stands behind."""
        require_sourced("the reply", self.text, self.figures, brief_length=len(self.brief))
        return say(self.text, self.figures, brief=self.brief)

    def cited(self) -> dict[str, Figure]:
        """Return the figures that the words cite."""
        return {name: self.figures[name] for name in sorted(figures_named([self.text]))}


def quoted(name: str, text: str, *, kind: str, path: str, digest: str = "") -> dict[str, Figure]:
    """Return words of a record as a figure, since they may hold numbers: they are quoted with their source."""
    source = FigureSource.model_validate({"kind": kind, "name": name, "path": path, "digest": digest})
    return {f"reply.{path}": Figure(value=text, unit="text", source=source)}
