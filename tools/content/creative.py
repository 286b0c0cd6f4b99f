"""Creatives: the words of one message, rendered with Liquid for one customer.

Rendering is strict: an unknown variable is an error unless the template gives a default; loops and output are bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from policies.errors import CountersignError
from policies.proposal import digest_json
from tools.content.profiles import AWKWARD_PROFILES
from tools.content.wording import wording_problems

if TYPE_CHECKING:
    from liquid import Environment

UNSUBSCRIBE = "{{ unsubscribe_url }}"
MAXIMUM_SUBJECT = 120
_PARTS = ("subject", "preheader", "heading", "body", "call_to_action", "footer")


class CreativeError(CountersignError):
    """A creative that cannot be rendered or breaks a rule of its channel."""

    code = "creative"


class Creative(BaseModel):
    """One e-mail in words. Each text may hold Liquid such as `{{ customer.first_name | default: "there" }}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    arm_id: str
    channel: str
    locale: str = "en"
    subject: str = Field(min_length=1, max_length=MAXIMUM_SUBJECT)
    preheader: str = Field(default="", max_length=200)
    heading: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=4000)
    call_to_action: str = Field(min_length=1, max_length=80)
    link: str = Field(min_length=1, max_length=300)
    footer: str = Field(min_length=1, max_length=1000)

    def digest(self) -> str:
        """Return sha256 over the canonical JSON of the words."""
        return digest_json(self.model_dump(mode="json"))

    def texts(self) -> dict[str, str]:
        """Return every text a customer reads, by part."""
        return {part: getattr(self, part) for part in _PARTS if getattr(self, part)}


class Rendered(BaseModel):
    """A message as one customer would see it."""

    model_config = ConfigDict(frozen=True)

    subject: str
    preheader: str
    text: str
    html: str


def render(
    creative: Creative,
    customer: Mapping[str, JsonValue],
    *,
    unsubscribe_url: str,
    through: str | None = None,
) -> Rendered:
    """Return the message for one customer; CreativeError names the part that cannot be rendered.

    Its call to action leads to the creative's link, or to the address `through` which that is reached.
    """
    variables: dict[str, JsonValue] = {"customer": dict(customer), "unsubscribe_url": unsubscribe_url}
    said = {part: _render(creative, part, text, variables) for part, text in creative.texts().items()}
    link = through or _render(creative, "link", creative.link, variables)
    preheader = said.get("preheader", "")
    text = "\n\n".join((said["heading"], said["body"], f"{said['call_to_action']}: {link}", said["footer"]))
    html = _html(said, link, unsubscribe_url)
    return Rendered(subject=said["subject"], preheader=preheader, text=text, html=html)


def link_of(creative: Creative, customer: Mapping[str, JsonValue]) -> str:
    """Return where a creative's call to action leads one customer; CreativeError when it cannot be rendered."""
    return _render(creative, "link", creative.link, {"customer": dict(customer)})


def check(creative: Creative) -> list[str]:
    """Return what is wrong with a creative: no unsubscribe link, a text that does not render for every profile."""
    return list(_problems(creative))


# the agent's own check, the node that keeps its messages and the policy check ask about the same words
@lru_cache(maxsize=256)
def _problems(creative: Creative) -> tuple[str, ...]:
    problems: list[str] = []
    if creative.channel == "email" and UNSUBSCRIBE not in creative.footer:
        problems.append(f"{creative.arm_id}: the footer has no unsubscribe link; add {UNSUBSCRIBE}")
    for part, text in creative.texts().items():
        problems += [f"{creative.arm_id}, {part}: {problem}" for problem in wording_problems(part, text)]
    for profile in AWKWARD_PROFILES:
        try:
            render(creative, profile.customer, unsubscribe_url="https://shop.invalid/unsubscribe")
        except CreativeError as error:
            problems.append(f"{creative.arm_id}, profile {profile.label!r}: {error.message}")
    return tuple(problems)


def _render(creative: Creative, part: str, text: str, variables: Mapping[str, JsonValue]) -> str:
    from liquid.exceptions import LiquidError

    try:
        return _environment().from_string(text).render(**variables).strip()
    except LiquidError as error:
        raise CreativeError(
            f"the {part} of {creative.arm_id} cannot be rendered ({error}); give the field a default",
            value=text,
        ) from error


def _html(said: Mapping[str, str], link: str, unsubscribe_url: str) -> str:
    from html import escape

    leaving = escape(unsubscribe_url, quote=True)
    footer = escape(said["footer"]).replace(leaving, f'<a href="{leaving}">{leaving}</a>')
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in said["body"].split("\n\n"))
    return (
        f"<h1>{escape(said['heading'])}</h1>{body}"
        f'<p><a href="{escape(link, quote=True)}">{escape(said["call_to_action"])}</a></p>'
        f"<p><small>{footer}</small></p>"
    )


@cache
def _environment() -> Environment:
    from liquid import Environment, StrictDefaultUndefined

    class Bounded(Environment):
        loop_iteration_limit = 1000
        output_stream_limit = 100_000
        context_depth_limit = 30

    return Bounded(undefined=StrictDefaultUndefined, strict_filters=True)
