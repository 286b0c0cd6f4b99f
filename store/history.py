"""What a workspace may learn from: logged experiments joined with the customers' columns."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from policies.errors import NotFoundError
from store.repositories.customers import customers_table
from store.tables import Experiment
from store.warehouse import Warehouse
from tools.audience.filters import Filter

LOGGED = "logged_experiment"


class History(NamedTuple):
    """Logged rows as columns, each (n,): the customer's columns, the arm shown, its propensity and the outcomes.

    visit and conversion are 0 or 1; spend is in minor units; the rows are sorted by person id.
    """

    customers: dict[str, NDArray[Any]]
    arm: NDArray[np.str_]
    propensity: NDArray[np.float64]
    visit: NDArray[np.float64]
    conversion: NDArray[np.float64]
    spend_minor: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.arm)

    def where(self, mask: NDArray[np.bool_]) -> History:
        """Return the rows of a mask (n,)."""
        return History(
            {name: column[mask] for name, column in self.customers.items()},
            self.arm[mask],
            self.propensity[mask],
            self.visit[mask],
            self.conversion[mask],
            self.spend_minor[mask],
        )


def logged_experiments(session: Session, workspace_id: str) -> list[Experiment]:
    """Return the experiments that were logged before any campaign here, the newest first."""
    query = select(Experiment).where(
        Experiment.workspace_id == workspace_id, col(Experiment.campaign_id).is_(None)
    )
    return list(session.exec(query.order_by(col(Experiment.experiment_id).desc())))


def read_history(
    warehouse: Warehouse,
    workspace_id: str,
    experiment: str,
    *,
    definition: Filter | None = None,
    as_of: date | None = None,
) -> History:
    """Return a logged experiment's rows, of everybody or of who matches `definition` on `as_of`.

    Raises TableMissingError before any import and NotFoundError when the experiment has no rows.
    """
    customers = customers_table(warehouse, workspace_id)
    if definition is not None and as_of is not None:
        customers = customers.filter(definition.expression(customers, as_of))
    logged = warehouse.table(workspace_id, LOGGED)
    logged = logged.filter(logged["experiment"] == experiment)
    rows = warehouse.execute(customers.inner_join(logged, "person_id").order_by("person_id"))
    if not len(rows["arm"]):
        raise NotFoundError(f"the experiment {experiment!r} has no logged rows here", value=experiment)
    outcomes = [
        rows.pop(name).astype(np.float64) for name in ("propensity", "visit", "conversion", "spend_minor")
    ]
    arm = rows.pop("arm").astype(np.str_)
    rows.pop("experiment")
    return History(rows, arm, *outcomes)
