"""The score of numbers: every one that a person sees cites something that exists and says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from evals.harness.case import CaseResult, Score, verdict
from evals.scorers.reading import words

_CITED = re.compile(r"\{figure:([^{}\s]+)\}")
_OTHER = re.compile(r"\{(?:brief|product|offer):[^{}\s]+\}")
_SPAN = re.compile(r"(\d+)-(\d+)")
_PROSE = ("rationale", "evidence", "hypothesis", "words")


def figures_traceable(result: CaseResult) -> Score:
    """No number in agents' prose or messages without a figure, no figure without a source that exists.

    Applies to every run that froze a proposal. This is a reading of its own, not the product's check.
    """
    text = result.output.get("content")
    if not isinstance(text, str):
        return verdict("figures_traceable", []).model_copy(update={"applies": False})
    content = json.loads(text)
    results = set(words(result.output, "tool_results"))
    problems = []
    for name, figure in content["figures"].items():
        problems += _source_problems(name, figure, results, content["objective"]["quote"])
    for place, prose in _prose(content):
        problems += _prose_problems(place, prose, content["figures"])
    creatives = result.output.get("creatives")
    for arm, creative in creatives.items() if isinstance(creatives, dict) else ():
        for part, said in creative.items() if isinstance(creative, dict) else ():
            if part in ("subject", "preheader", "heading", "body", "call_to_action"):
                problems += _prose_problems(f"{arm}.{part}", str(said), {})
    return verdict("figures_traceable", problems, figures=len(content["figures"]))


def _source_problems(name: str, figure: Mapping[str, JsonValue], results: set[str], quote: str) -> list[str]:
    source = figure["source"]
    if not isinstance(source, dict):
        return [f"{name} has no source"]
    if source["kind"] == "tool" and source["name"] != "bandit_prior" and source["digest"] not in results:
        return [f"{name} cites a result of {source['name']} that does not exist"]
    span = _SPAN.fullmatch(str(source["path"])) if source["kind"] == "brief" else None
    if source["kind"] == "brief" and span is not None:
        start, end = int(span[1]), int(span[2])
        said = quote[start:end]
        if not said:
            return [f"{name} cites {start}-{end} of a brief of {len(quote)} characters"]
        if name == "plan.budget" and not _says(said, int(str(figure["value"]))):
            return [f"{name} is {figure['value']} minor units, and the brief says {said!r}"]
    return []


def _says(words_of_brief: str, minor: int) -> bool:
    """Whether words such as `$2,000`, `40.50` or `3k` name this amount; no digits at all is no contradiction."""
    numbers = re.findall(r"\d[\d.,']*\d|\d", words_of_brief)
    if not numbers:
        return True
    digits = {re.sub(r"\D", "", number) for number in numbers}
    whole, cents = divmod(minor, 100)
    wanted = {
        str(whole),
        f"{whole}{cents:02d}",
        str(minor // 100_000) if minor % 100_000 == 0 else str(whole),
    }
    return bool(digits & wanted) or any(
        str(whole).startswith(found.rstrip("0") or "0") for found in digits if "k" in words_of_brief.lower()
    )


def _prose(content: JsonValue, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for name, part in content.items():
            if name in _PROSE and isinstance(part, str):
                yield f"{place}{name}", part
            elif name not in ("figures", "objective"):
                yield from _prose(part, f"{place}{name}.")
    elif isinstance(content, list):
        for number, part in enumerate(content):
            yield from _prose(part, f"{place}{number}.")


def _prose_problems(place: str, text: str, figures: Mapping[str, JsonValue]) -> list[str]:
    unknown = [name for name in _CITED.findall(text) if name not in figures]
    bare = _OTHER.sub(" ", _CITED.sub(" ", text))
    return [f"{place} cites {name}, which is no figure" for name in unknown] + [
        f"{place} holds the number {number}" for number in re.findall(r"\d+", bare)
    ]
