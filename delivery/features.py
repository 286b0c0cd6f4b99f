"""Customer columns for choosing, as the latest import said them, with what follows from the day."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store.repositories.customers import CUSTOMERS, customers_table
from store.repositories.people import UnknownPersonError
from store.warehouse import Warehouse, person_id_array
from tools.audience.features import with_recency
from tools.bandits.features import Column

LAST_PURCHASE = "last_purchase_on"
DERIVED = frozenset({"days_since_purchase", "months_since_purchase"})
_Columns = dict[str, NDArray[Any]]  # Any: one type a column


class CustomerFeatures:
    """Feature source over the imported customers of a home.

    What a launch reads is read again for every batch, so the last columns are kept until an import or a deletion
    changes the files.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._key: object = None
        self._kept: _Columns = {}

    def columns(
        self, workspace_id: str, person_ids: Sequence[str], names: Sequence[str], as_of: datetime
    ) -> Mapping[str, Column]:
        """Return the named columns of these people, each (n,), in this order; recency counts to the day of `as_of`.

        A name that was never imported is left out, so that the feature definition can say which is missing. Raises
        UnknownPersonError for somebody without attributes.
        """
        wanted = {LAST_PURCHASE} | set(names) if DERIVED & set(names) else set(names)
        with self._lock:
            everyone = self._read(workspace_id, tuple(sorted(wanted)))
        asked = person_id_array(person_ids)
        known = everyone["person_id"]
        place = np.minimum(np.searchsorted(known, asked), known.size - 1)
        strangers = asked[known[place] != asked]
        if strangers.size:
            raise UnknownPersonError(f"There are no attributes of person {strangers[0]}.", value=strangers[0])
        found = {name: column[place] for name, column in everyone.items() if name != "person_id"}
        if LAST_PURCHASE in found:
            return with_recency(found, as_of.date())
        return found

    def _read(self, workspace_id: str, names: tuple[str, ...]) -> _Columns:
        parts = [(path, path.stat()) for path in self._warehouse.parts(workspace_id, CUSTOMERS)]
        key = (workspace_id, names, tuple((str(p), s.st_mtime_ns, s.st_size, s.st_ino) for p, s in parts))
        if key != self._key:
            customers = customers_table(self._warehouse, workspace_id)
            stored = [name for name in names if name in customers.columns]
            rows = self._warehouse.execute(customers.select("person_id", *stored).order_by("person_id"))
            self._kept = {**rows, "person_id": person_id_array(rows["person_id"])}
            self._key = key
        return self._kept
