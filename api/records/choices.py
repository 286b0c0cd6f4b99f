"""Choices of a campaign as they were logged: those of one person, and how many there are of each kind."""

from __future__ import annotations

from typing import Any, NamedTuple

from delivery.choice_file import CHOICES
from store.warehouse import Warehouse

Logged = dict[str, Any]
"""The columns of one logged choice by name; delivery/choice_file.py writes them."""


class ChoiceKind(NamedTuple):
    """People of one group with one arm and the layer that objected (empty: none), and one of them to look at."""

    group: str
    arm: str
    layer: str
    people: int
    person_id: str


def choices_of_person(
    warehouse: Warehouse, workspace_id: str, person_id: str, campaign_id: str | None = None
) -> list[Logged]:
    """Return the choices that batches made for a person, in one campaign or in all, the newest first."""
    if not warehouse.parts(workspace_id, CHOICES):
        return []
    table = warehouse.table(workspace_id, CHOICES)
    wanted = table.filter(table["person_id"] == person_id)
    if campaign_id is not None:
        wanted = wanted.filter(wanted["campaign_id"] == campaign_id)
    rows: list[Logged] = warehouse.arrow(wanted).to_pylist()
    return sorted(rows, key=lambda row: row["chosen_at"], reverse=True)


def choice_kinds(warehouse: Warehouse, workspace_id: str, campaign_id: str) -> list[ChoiceKind]:
    """Count the choices of a campaign by group, arm and layer, the most frequent first."""
    if not warehouse.parts(workspace_id, CHOICES):
        return []
    table = warehouse.table(workspace_id, CHOICES)
    counted = (
        table.filter(table["campaign_id"] == campaign_id)
        .group_by(["group", "arm", "layer"])
        .agg(people=table["person_id"].count(), person_id=table["person_id"].min())
    )
    made = [ChoiceKind(**row) for row in warehouse.arrow(counted).to_pylist()]
    return sorted(made, key=lambda kind: (-kind.people, kind.group, kind.arm, kind.layer))
