"""What an answer is held against once it fits its schema: nothing in it may be made up."""

from __future__ import annotations

from collections.abc import Sequence

from agents.agent_run import ToolCallRecord
from agents.errors import AnswerInvalidError
from policies.figures import figures_named
from tools.result import Result


def require_returned(calls: Sequence[ToolCallRecord], *texts: str) -> None:
    """Raise AnswerInvalidError when a text cites a figure that no tool of this run returned."""
    returned = {name for call in calls if isinstance(call.result, Result) for name in call.result.quantities}
    missing = sorted(figures_named(texts) - returned)
    if missing:
        raise AnswerInvalidError(
            f"The text cites the figure {missing[0]!r}, which no tool returned.", value=missing[0]
        )
