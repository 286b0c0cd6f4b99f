"""The choices of a batch: one Parquet part of the history, written once and read back under its sha256."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from delivery.errors import ChoiceFileError
from store.warehouse import Warehouse
from tools.bandits.choice_batch import ChoiceBatch

if TYPE_CHECKING:
    import pyarrow as pa

CHOICES = "choices"
_PACKED = ("arms", "costs_minor", "group", "arm", "layer", "rule")
"""Columns of few different values that no dictionary stands for yet; packing what never repeats costs more than it saves."""


class Common(NamedTuple):
    """What is the same for every choice of a batch."""

    workspace_id: str
    launch_id: str
    batch_id: str
    campaign_id: str
    approval_id: str
    proposal_digest: str
    rules_digest: str
    features_digest: str
    chosen_at: datetime


class Chosen(NamedTuple):
    """One run of the pipeline over some rows of a batch, with what the pipeline does not know of them.

    `rows` are the places inside the batch, `layers` and `rules` the gate's objection where it left only doing nothing
    (empty text otherwise), `features` the (n, d) numbers that were scored.
    """

    rows: NDArray[np.int64]
    person_ids: NDArray[np.str_]
    groups: NDArray[np.str_]
    layers: list[str]
    rules: list[str]
    features: NDArray[np.float64]
    choices: ChoiceBatch


class WrittenChoices(NamedTuple):
    """Where the choices stand and what they hash to."""

    path: str
    sha256: str


class ChoiceRows(NamedTuple):
    """Choices read back, each (n,) in the order of the batch; `arm_index` counts in `arms`."""

    choice_ids: list[str]
    person_ids: list[str]
    groups: list[str]
    layers: list[str]
    arms: tuple[str, ...]
    arm_index: NDArray[np.int64]
    features: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.choice_ids)

    def arm_ids(self) -> list[str]:
        """The id of the arm chosen in each row."""
        return [self.arms[index] for index in self.arm_index.tolist()]


def write_choices(warehouse: Warehouse, common: Common, parts: list[Chosen]) -> WrittenChoices:
    """Write a batch's choices in the order of their rows; visible whole or not at all.

    Choices that another attempt has written meanwhile stay, and are what is returned: nobody's choice is drawn twice.
    """
    import pyarrow as pa

    data = pa.concat_tables([_table(common, part) for part in parts if len(part.rows) or part is parts[0]])
    row = np.concatenate([part.rows for part in parts])
    if np.any(row[1:] < row[:-1]):
        data = data.unify_dictionaries().sort_by("row")
    path = warehouse.append_first(common.workspace_id, CHOICES, common.batch_id, data, packed=_PACKED)
    return _written(path)


def find_choices(warehouse: Warehouse, workspace_id: str, batch_id: str) -> WrittenChoices | None:
    """Return the choices that an earlier attempt wrote for a batch before it died, if it got that far."""
    name = f"part-{batch_id}.parquet"
    path = next((part for part in warehouse.parts(workspace_id, CHOICES) if part.name == name), None)
    return None if path is None else _written(path)


def discard_choices(warehouse: Warehouse, workspace_id: str, batch_id: str) -> None:
    """Take away choices that will never be carried out."""
    warehouse.remove_part(workspace_id, CHOICES, batch_id)


def read_choices(warehouse: Warehouse, workspace_id: str, written: WrittenChoices) -> ChoiceRows:
    """Read a batch's choices back; ChoiceFileError when the file is gone or is not the one that was written."""
    import pyarrow.parquet as pq

    path = next((p for p in warehouse.parts(workspace_id, CHOICES) if p.name == written.path), None)
    if path is None or _written(path).sha256 != written.sha256:
        raise ChoiceFileError(
            f"the choices {written.path} are {'gone' if path is None else 'not the ones that were written'}; "
            "restore the file from a backup, nothing is sent meanwhile",
            value=written.path,
        )
    names = ["choice_id", "person_id", "group", "layer", "arms", "arm_index", "features"]
    with path.open("rb") as stream:
        data = pq.read_table(stream, columns=names)
    arms = data["arms"][0].as_py() if data.num_rows else []
    features = np.array(data["features"].to_pylist(), dtype=np.float64)
    return ChoiceRows(
        choice_ids=data["choice_id"].to_pylist(),
        person_ids=data["person_id"].to_pylist(),
        groups=data["group"].to_pylist(),
        layers=data["layer"].to_pylist(),
        arms=tuple(arms),
        arm_index=data["arm_index"].to_numpy(),
        features=features.reshape(data.num_rows, -1),
    )


def _table(common: Common, part: Chosen) -> pa.Table:
    """Every column of promise 5 for the rows of one pipeline run; a choice's id is its batch and its row in it.

    `adjusted_scores` are null where money has no price, `eligible` where no money is counted: they are the scores and the
    mask then.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    drawn, n = part.choices, len(part.rows)

    # what is the same in many rows is written as runs of one number, which costs next to nothing
    def coded(indices: NDArray[np.integer[Any]], values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(indices.astype(np.int32)), pa.array(values, kind))

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return coded(np.zeros(n, dtype=np.int32), [value], kind)

    def few(values: object) -> pa.Array:
        return pa.array(values, text).dictionary_encode()

    def lists(matrix: NDArray[np.generic], kind: pa.DataType) -> pa.Array:
        ends = np.arange(n + 1, dtype=np.int32) * matrix.shape[1]
        return pa.ListArray.from_arrays(ends, pa.array(np.ascontiguousarray(matrix).ravel(), kind))

    text, number, whole, flag = pa.string(), pa.float64(), pa.int64(), pa.bool_()
    columns: dict[str, pa.Array] = {
        "choice_id": pc.binary_join_element_wise(
            pa.scalar(common.batch_id), pc.utf8_lpad(pc.cast(pa.array(part.rows), text), 5, "0"), "."
        ),
        "row": pa.array(part.rows, whole),
        "person_id": pa.array(part.person_ids, text),
        "group": few(part.groups),
        "arms": pa.repeat(pa.scalar(list(drawn.arms), pa.list_(text)), n),
        "p": lists(drawn.probabilities, number),
        "eligible": pa.nulls(n, pa.list_(flag))
        if drawn.open_arms is drawn.eligible
        else lists(drawn.eligible, flag),
        "mask": lists(drawn.open_arms, flag),
        "scores": lists(drawn.scores, number),
        "adjusted_scores": pa.nulls(n, pa.list_(number))
        if drawn.price == 0
        else lists(drawn.adjusted, number),
        "costs_minor": lists(drawn.costs, whole),
        "left_before_minor": pa.array(drawn.left_before, whole),
        "features": lists(part.features, number),
        "counter": pa.array(drawn.positions, whole),
        "u": pa.array(drawn.u, number),
        "arm_index": pa.array(drawn.arm_index, whole),
        "arm": coded(drawn.arm_index, list(drawn.arms), text),
        "arm_probability": pa.array(drawn.chosen_probability, number),
        "layer": few(part.layers),
        "rule": few(part.rules),
    }
    for key, value, kind in (
        ("seed", drawn.seed, pa.uint64()),
        ("stream", drawn.stream, whole),
        ("policy_id", drawn.policy_id, text),
        ("policy_parameters", drawn.policy_parameters, text),
        ("bounds", drawn.bounds, text),
        ("price", drawn.price, number),
        ("price_binds", drawn.price_binds, flag),
        ("state_digest", drawn.state_digest, text),
        ("features_digest", common.features_digest, text),
        ("rules_digest", common.rules_digest, text),
        ("proposal_digest", common.proposal_digest, text),
        ("launch_id", common.launch_id, text),
        ("batch_id", common.batch_id, text),
        ("campaign_id", common.campaign_id, text),
        ("approval_id", common.approval_id, text),
        ("workspace_id", common.workspace_id, text),
        ("chosen_at", common.chosen_at, pa.timestamp("us", tz="UTC")),
    ):
        columns[key] = same(value, kind)
    return pa.table(columns)


def _written(path: Path) -> WrittenChoices:
    with path.open("rb") as stream:
        return WrittenChoices(path.name, hashlib.file_digest(stream, "sha256").hexdigest())
