"""How an evaluation fails: one family, leaves named by cause. A case that did badly is a score, never one of these."""

from __future__ import annotations

from policies.errors import CountersignError, InvalidInputError, NotFoundError


class EvalsError(CountersignError):
    """An evaluation could not be carried out."""

    code = "evals"


class CaseFileError(InvalidInputError):
    """A file of cases, a suite or a run does not hold what it should."""

    code = "evals_file"


class SuiteNotFoundError(NotFoundError):
    """There is no suite, run, case or baseline of this name."""

    code = "evals_not_found"


class ScorerError(EvalsError):
    """A scorer was given a result that it cannot judge; a defect of the suite."""

    code = "evals_scorer"


class ExtraMissingError(EvalsError):
    """An optional package that a part of the evals needs is not installed; the message names the extra."""

    code = "evals_extra"
