"""The one theme of charts and report: font, colours, and the dark twin of each colour."""

from __future__ import annotations

from typing import Any

FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"
INK, MUTED, LINE, PAPER = "#1c2024", "#59636e", "#d8dde3", "#ffffff"
MAIN, OTHER, ARM, BAND, LIMIT = "#1f5fbf", "#6b7683", "#2b7a78", "#c9d8f0", "#b3261e"
ARM_COLOURS = ("#2f6fb8", "#d98a2b", "#3f9c7a", "#8a63b0", "#c2577a", "#7d8a2e")
NO_ARM_COLOUR = "#b7bfc8"
DARK = {
    INK: "#e8ebee",
    MUTED: "#a3adb8",
    LINE: "#39414a",
    PAPER: "#171b20",
    MAIN: "#7fb0ff",
    OTHER: "#9aa5b1",
    ARM: "#6fc7c3",
    BAND: "#2c4469",
    LIMIT: "#ff9a91",
    "#2f6fb8": "#5b9be6",
    "#d98a2b": "#e0a050",
    "#3f9c7a": "#5cbd99",
    "#8a63b0": "#b08fd6",
    "#c2577a": "#e080a0",
    "#7d8a2e": "#a9b858",
    NO_ARM_COLOUR: "#566069",
}


def vega_config() -> dict[str, Any]:  # Any: JSON that the Vega-Lite schema owns
    """The `config` of every chart."""
    axis = {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "domainColor": LINE,
        "tickColor": LINE,
        "gridColor": LINE,
        "labelFontSize": 11.5,
        "titleFontSize": 11.5,
        "titleFontWeight": 400,
        "labelOverlap": False,
    }
    return {
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"domain": False, "ticks": False, "labelPadding": 8},
    }


def dark_css(selector: str) -> str:
    """CSS rules that give every colour of the theme its dark twin inside `selector`."""
    rules = []
    for light, dark in DARK.items():
        rules.append(f'{selector} [fill="{light}"]{{fill:{dark}}}')
        rules.append(f'{selector} [stroke="{light}"]{{stroke:{dark}}}')
    return "\n".join(rules)
