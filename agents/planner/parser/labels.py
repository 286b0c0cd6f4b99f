"""Where no rule reads the objective: the label whose description is nearest in meaning, if near enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from agents.planner.parser.reading import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]
else:
    Embed = Callable

# Cosine similarities of all-MiniLM-L6-v2; a question is cheaper than a wrong objective.
LEAST_SIMILARITY: Final = 0.6
LEAST_MARGIN: Final = 0.08
_DESCRIPTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("winback", "Win back lapsed customers who stopped buying from us"),
    ("winback", "Get people who disappeared a while ago to return to our shop"),
    ("activation", "Get new sign-ups to make their first purchase or start using the product"),
    ("repeat_purchase", "Get customers who bought once to buy a second time"),
    ("product_promotion", "Sell more of a certain product that we have in stock"),
    ("product_launch", "Announce and launch a brand new product"),
    ("seasonal_promotion", "A holiday or seasonal sale"),
    ("retention", "Reduce churn and keep customers from leaving us"),
    ("renewal", "Get subscribers to renew their contract before it expires"),
    ("cart_recovery", "Remind shoppers of the items they left in their shopping cart"),
    ("conversion", "Turn visitors and leads who looked around into buyers"),
    ("trial_conversion", "Convert free trial users into paying subscribers"),
    ("upsell", "Move customers to a more expensive plan"),
    ("cross_sell", "Sell matching accessories to people who own the product"),
    ("aov_growth", "Make customers spend more per order"),
    ("loyalty", "Thank and reward our most loyal customers"),
    ("engagement", "Get more people to open, click and read our newsletter"),
    ("event_registration", "Fill the seats of our event, webinar or workshop"),
    ("opt_in_growth", "Get more people to subscribe to our mailing list"),
    ("review_collection", "Ask customers for reviews and ratings of what they bought"),
    ("app_install", "Get customers to download our mobile app"),
    ("acquisition", "Find and win completely new customers and leads"),
    ("pricing", "Test which price customers are willing to pay"),
)
_SENTENCE: Final = re.compile(r"[^.!?;\n]+")


def nearest_objective(text: str, embed: Embed) -> Reading | None:
    """The objective nearest to any sentence of the text; None below the least similarity, or when two are as near.

    `embed` gives one unit-length row a text, so that similarity is their product, from -1 to 1.
    """
    spans = [match.span() for match in _SENTENCE.finditer(text) if len(match.group().split()) >= 3][:8]
    if not spans:
        return None
    similarity = embed([text[start:end].strip() for start, end in spans]) @ _labels(embed).T
    best_row, best_label = divmod(int(similarity.argmax()), similarity.shape[1])
    code = _DESCRIPTIONS[best_label][0]
    best = float(similarity[best_row, best_label])
    others = [float(similarity[best_row, at]) for at, (other, _) in enumerate(_DESCRIPTIONS) if other != code]
    if best < LEAST_SIMILARITY or best - max(others) < LEAST_MARGIN:
        return None
    start, end = spans[best_row]
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return Reading("objective", code, start, end, round(min(best, 1.0), 3))


@lru_cache(maxsize=4)
def _labels(embed: Embed) -> NDArray[np.float32]:
    return embed([description for _, description in _DESCRIPTIONS])
