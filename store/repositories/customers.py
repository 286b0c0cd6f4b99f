"""What is known of each customer, as the latest import said it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from store.repositories.people import UnknownPersonError
from store.warehouse import Warehouse, person_id_array

if TYPE_CHECKING:
    import ibis.expr.types as ir

CUSTOMERS = "customers"


def customers_table(warehouse: Warehouse, workspace_id: str) -> ir.Table:
    """The attributes of each customer as of the latest import that held them, as a lazy table."""
    import ibis

    rows = warehouse.table(workspace_id, CUSTOMERS)
    if len(warehouse.parts(workspace_id, CUSTOMERS)) == 1:
        return rows
    latest = ibis.row_number().over(
        group_by="person_id", order_by=[ibis.desc("imported_at"), ibis.desc("import_id")]
    )
    return rows.mutate(import_rank=latest).filter(ibis._.import_rank == 0).drop("import_rank")


def customer_columns(
    warehouse: Warehouse,
    workspace_id: str,
    person_ids: Sequence[str] | NDArray[np.str_],
    names: Sequence[str],
) -> dict[str, NDArray[Any]]:
    """Attributes of these people as columns, each (n,), in this order; raises UnknownPersonError for a missing one."""
    customers = customers_table(warehouse, workspace_id)
    rows = warehouse.execute(customers.select("person_id", *names).order_by("person_id"))
    everyone = person_id_array(rows["person_id"])
    wanted = person_id_array(person_ids)
    place, known = _places(everyone, wanted)
    if not known.all():
        missing = str(wanted[~known][0])
        raise UnknownPersonError(f"There are no attributes of person {missing}.", value=missing)
    return {name: rows[name][place] for name in names}


def _places(known: NDArray[np.str_], wanted: NDArray[np.str_]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each wanted id stands among the sorted known ones, and whether it is there."""
    if known.size == 0:
        return np.zeros(wanted.size, dtype=np.intp), np.zeros(wanted.size, dtype=np.bool_)
    place = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return place, known[place] == wanted
