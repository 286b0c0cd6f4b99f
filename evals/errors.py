"""What cannot be evaluated.

EvalError
  CaseFileError     a file of cases that is not one: no meta line, a line that is no case, a key that is unknown
  ModelUnknownError a model that the runner does not offer
"""

from __future__ import annotations

from policies.errors import InvalidInputError


class EvalError(InvalidInputError):
    """An evaluation cannot run; nothing was run."""

    code = "eval_unusable"


class CaseFileError(EvalError):
    """The file holds something that is no case."""

    code = "eval_case_file"


class ModelUnknownError(EvalError):
    """The model asked for is not offered here."""

    code = "eval_model"
