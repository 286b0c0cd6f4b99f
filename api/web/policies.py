"""Policies: every rule in force, and a made-up case tried against them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.http import catalogue
from api.http.faults import status_of
from api.views.case import KINDS, CaseIn, CaseView
from api.web.showing import PageRoute, show
from api.web.visiting import Visiting
from policies.authority.decide import rules_text
from policies.errors import CountersignError, InvalidInputError
from store.threads import in_thread

router = APIRouter(prefix="/policies", route_class=PageRoute, include_in_schema=False)
_NUMBERS = ("reach", "spend_minor", "discount_percent", "new_creatives")
_FLAGS = ("new_claim", "sensitive", "waited")


@router.get("")
async def rules(request: Request, visitor: Visiting) -> Response:
    """Show every rule in force; where the address names a kind, what the rules say of that case."""
    view = await catalogue.rules(visitor.caller)
    asked, tried, error = dict(request.query_params), None, None
    if "kind" in asked:
        try:
            tried = await catalogue.tried(visitor.caller, read_case(asked))
        except CountersignError as refused:
            error = refused
    return await in_thread(
        show,
        request,
        "policies.html",
        visitor,
        rules=view,
        cedar=rules_text(),
        kinds=KINDS,
        asked=asked,
        tried=tried,
        parts=() if tried is None else parts_of(tried),
        error=error,
        status_code=200 if error is None else status_of(error),
    )


def read_case(given: Mapping[str, str]) -> CaseIn:
    """Return the case that a form describes; InvalidInputError names the field that cannot be read."""
    fields: dict[str, object] = {"kind": given.get("kind", "")}
    for name in _NUMBERS:
        text = given.get(name, "").replace(",", "").replace("\u00a0", "").replace(" ", "")
        if text:
            fields[name] = text
    fields |= {name: True for name in _FLAGS if given.get(name)}
    try:
        return CaseIn.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = str(first["loc"][0]).replace("_", " ")
        raise InvalidInputError(f"{place}: {first['msg']}", value=str(first.get("input"))[:80]) from error


def parts_of(case: CaseView) -> tuple[tuple[str, str, str, str], ...]:
    """Each measured fact as a bar: words, its bounds, per cent of where it makes the risk high, and the class it gives."""
    made = []
    for one in case.findings:
        if one.high_from is None or one.medium_from is None:
            bounds, percent = "", "100" if one.contributes != "low" else "0"
        else:
            bounds = f"medium from {one.medium_from:,}, high from {one.high_from:,}"
            percent = f"{min(100.0, 100 * float(one.value) / one.high_from):.2f}"
        made.append((one.words, bounds, percent, one.contributes.value))
    return tuple(made)
