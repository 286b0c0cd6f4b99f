"""A brief in plain words put to whoever reads briefs: the embedded rules, and a language model beside them where one is set."""

from __future__ import annotations

from agents.errors import AgentError, CassetteError
from agents.planner.brief import Brief
from agents.planner.cross_check import cross_checked, with_doubts
from agents.planner.heard import HeardBy, HearTask
from agents.planner.hearing import hears
from evals.core.case import BriefCase, Meta
from evals.harness.case import Case, JsonObject
from evals.harness.errors import CaseFileError
from evals.readers import reader
from evals.tasks.crew import THREAD, Equipment
from evals.tasks.outcome import TaskOutcome, usage_of


class ExtractBrief:
    """Read a case's text in the setting of its file, as `countersign brief` reads one."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        _, self._rules = reader("offline")

    async def __call__(self, case: Case, seed: int) -> TaskOutcome:  # nothing here is drawn
        meta = _setting(case)
        plain = BriefCase.model_validate(
            {**case.model_dump(include={"id", "lang", "text", "expected", "tags"}), "kind": "brief"}
        )

        def read(text: str) -> Brief:
            return self._rules(plain.model_copy(update={"text": text}), meta)

        by, usage, failed = await self._heard(HearTask(text=case.text, today=meta.today, currency=""))
        brief, doubts = cross_checked(read(case.text), by, case.text, read)
        whole = with_doubts(brief, doubts, answered=set())
        output: JsonObject = {"brief": whole.model_dump(mode="json", exclude={"slots"}), "not_heard": failed}
        return TaskOutcome(output=output, usage=usage, trace=case.id)

    async def _heard(self, task: HearTask) -> tuple[HeardBy, tuple[int, int, int], str | None]:
        """What a model hears, what that took, and the code it failed with: then the rules' reading stands alone."""
        if not hears(self._equipment.models):
            return HeardBy(), (0, 0, 0), None
        try:
            run = await self._equipment.crew().hear(THREAD, task)
        except CassetteError:
            raise  # nothing was recorded of this case: that says nothing of the model
        except AgentError as error:
            return HeardBy(), (error.input_tokens, error.output_tokens, 0), error.code
        return HeardBy(model=run.model_id, heard=run.answer), usage_of([run]), None


def _setting(case: Case) -> Meta:
    setting = case.data.get("setting")
    if not isinstance(setting, dict):
        raise CaseFileError(
            f"{case.id} comes from a file without a setting; its first line says which day is today",
            value=case.id,
        )
    return Meta.model_validate({**setting, "kind": "meta"})
