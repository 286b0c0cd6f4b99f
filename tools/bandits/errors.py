"""What can be wrong with a choice, named by cause."""

from __future__ import annotations

from policies.errors import InvalidInputError


class BanditError(InvalidInputError):
    """An input of the choosing pipeline breaks a stated rule."""

    code = "bandit_input"


class ArraySizeError(BanditError):
    """Two arrays that describe the same people or arms differ in size."""

    code = "bandit_array_size"


class NotFiniteError(BanditError):
    """A number is missing or infinite where the estimate needs a real one."""

    code = "bandit_not_finite"


class BanditParameterError(BanditError):
    """A parameter of a bandit policy lies outside its bounds."""

    code = "bandit_parameter"


class InfeasibleSharesError(BanditError):
    """The minimum and maximum shares of the arms cannot hold together."""

    code = "infeasible_shares"


class NoEligibleArmError(BanditError):
    """A person has no arm left, not even doing nothing."""

    code = "no_eligible_arm"


class NothingToForgetError(BanditError):
    """More is to be taken out of the statistics than was ever put in."""

    code = "nothing_to_forget"


class FeatureError(BanditError):
    """A column that the feature definition names is absent or malformed."""

    code = "feature_input"
