"""What can be wrong with a recommendation, named by cause."""

from __future__ import annotations

from policies.errors import InvalidInputError


class RecommendError(InvalidInputError):
    """An input of a recommender breaks a stated rule."""

    code = "recommend_input"


class PurchasesError(RecommendError):
    """The purchases are none, or their columns do not fit together."""

    code = "recommend_purchases"


class RecommendParameterError(RecommendError):
    """A parameter of a recommender lies outside its bounds."""

    code = "recommend_parameter"
