"""The audience of a brief as a filter: each key that has a twin field, and the keys that have none yet."""

from __future__ import annotations

from typing import Final, NamedTuple

from agents.planner.brief import Audience, CountRange

_COMPARED: Final[dict[str, tuple[str, str]]] = {
    "days_since_purchase_min": ("days_since_purchase", ">="),
    "days_since_purchase_max": ("days_since_purchase", "<="),
    "order_count": ("order_count", "="),
    "tier": ("tier", "="),
    "plan": ("plan", "="),
    "countries": ("country", "="),
    "states": ("state", "="),
    "city": ("city", "="),
    "newsletter": ("newsletter", "="),
    "new_customer": ("new_customer", "="),
    "web_customer": ("web_customer", "="),
    "app_installed": ("app_installed", "="),
    "churn_decile": ("churn_decile", "="),
    "churn_score_gt": ("churn_score", ">"),
    "clv_percentile_min": ("clv_percentile", ">="),
}
_CATEGORIES: Final[dict[str, str]] = {
    "mens": "bought_mens",
    "men's": "bought_mens",
    "men's merchandise": "bought_mens",
    "womens": "bought_womens",
    "women's": "bought_womens",
    "women's merchandise": "bought_womens",
}


class FilterTwin(NamedTuple):
    """The filter, and the stated keys that it does not say; both are needed to use it safely."""

    definition: str | None
    unsupported: tuple[str, ...]


def audience_filter(audience: Audience) -> FilterTwin:
    """Say the audience's keys in the filter language, joined by "and"; what is left out as "not (...)".

    `definition` is `all` for everyone, and None when nothing that is stated has a twin. `unsupported` names the
    keys the definition leaves out (those of the exception as `exclude.KEY`): a caller asks about them first,
    because the definition is wider than what was said.
    """
    parts = _parts(audience)
    unsupported = _missing(audience)
    if audience.exclude is not None:
        unsupported.extend(f"exclude.{key}" for key in _missing(audience.exclude))
        excluded = _parts(audience.exclude)
        if excluded:
            parts.append(f"not ({' and '.join(excluded)})")
    if not parts and (audience.all or not unsupported):
        return FilterTwin("all", tuple(unsupported))
    return FilterTwin(" and ".join(parts) or None, tuple(unsupported))


def _missing(audience: Audience) -> list[str]:
    """The stated keys that no filter says yet."""
    return [
        key for key in _stated(audience) if key not in ("all", "exclude") and _twin(audience, key) is None
    ]


def _stated(audience: Audience) -> list[str]:
    return [key for key in type(audience).model_fields if getattr(audience, key) is not None]


def _parts(audience: Audience) -> list[str]:
    twins = [_twin(audience, key) for key in _stated(audience) if key not in ("all", "exclude")]
    return [twin for twin in twins if twin is not None]


def _twin(audience: Audience, key: str) -> str | None:
    value: object = getattr(audience, key)
    if key == "bought_category":
        # A category within a window is another statement than ever having bought it.
        if audience.within_days is not None or not isinstance(value, str):
            return None
        flag = _CATEGORIES.get(value.lower().replace("’", "'"))
        return f"{flag} = true" if flag else None
    if key not in _COMPARED:
        return None
    field, operator = _COMPARED[key]
    if isinstance(value, CountRange):
        bounds = [(">=", value.min), ("<=", value.max)]
        return " and ".join(f"{field} {sign} {bound}" for sign, bound in bounds if bound is not None)
    if isinstance(value, list):
        if len(value) == 1:
            return f"{field} = {_literal(value[0])}"
        return f"{field} in [{', '.join(_literal(item) for item in value)}]"
    return f"{field} {operator} {_literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return f"{value}"
