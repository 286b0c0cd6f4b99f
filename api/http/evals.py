"""What the agents' eval suites last said."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.signing_in import Caller, SignedIn
from api.records.evals import Baseline, Run, baseline_root, read_baselines, read_runs
from api.views.numbers import View
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(prefix="/v1/evals", tags=["evals"])


class EvalsView(View):
    """Runs in the folder that COUNTERSIGN_EVAL_RUNS names, the newest first, and the baselines of this release."""

    runs_from: str | None
    runs: tuple[Run, ...]
    baselines: tuple[Baseline, ...]


@router.get("")
async def shown(caller: SignedIn) -> EvalsView:
    """Show the newest runs of the eval suites with their verdicts and flips, and the baselines."""
    caller.require(Action.VIEW)
    return await in_thread(_read, caller)


def _read(caller: Caller) -> EvalsView:
    folder = caller.app.settings.eval_runs
    return EvalsView(
        runs_from=None if folder is None else folder.name,
        runs=tuple(read_runs(folder)),
        baselines=tuple(read_baselines(baseline_root())),
    )
