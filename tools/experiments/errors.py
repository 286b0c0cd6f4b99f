"""What can be wrong with an experiment's design or data, named by cause."""

from __future__ import annotations

from policies.errors import InvalidInputError


class ExperimentError(InvalidInputError):
    """An input of a design or an estimate breaks a stated rule."""

    code = "experiment_input"


class OutOfRangeError(ExperimentError):
    """A number lies outside its bounds."""

    code = "experiment_range"


class UnequalRowsError(ExperimentError):
    """Columns that describe the same people differ in length."""

    code = "experiment_rows"


class ObservationError(ExperimentError):
    """An outcome is given where none was observed, or missing where one was."""

    code = "experiment_observation"
