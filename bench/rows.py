"""One figure as a bench prints it."""

from __future__ import annotations


def at_most(name: str, value: float, unit: str, bar: float | None = None) -> dict[str, object]:
    """Return a figure to three decimals, that holds when it is no greater than its bar; without a bar it only informs."""
    rounded = round(value, 3)
    return {
        "name": name,
        "value": rounded,
        "unit": unit,
        "bar": bar,
        "holds": None if bar is None else rounded <= bar,
    }
