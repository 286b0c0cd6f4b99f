"""What the page of an approval shows besides the approval itself: bars, who may sign, the devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session

from api.report.wording import MINUS, count
from api.views.approval import ApprovalView
from api.views.authority import AuthorityView
from api.views.managed import VersionApprovalView
from api.views.policy_change import PolicyApprovalView
from api.views.proposal import AudienceView
from api.views.samples import MessageView, message_views
from api.web.pictures import Picture, forecast_picture
from policies.authority import Action, Person, Resource
from policies.authority.decide import authorise
from policies.errors import NotFoundError
from policies.proposal import Content, parse
from store.repositories.approvals import LIMIT_FIELDS, get_approval
from store.repositories.campaigns import get_proposal

_BEFORE_SENDING = ("approved", "scheduled")
_MARK = {"pass": "✓", "warn": "!", "block": "✕"}


class Bar(NamedTuple):
    """One line of the funnel: `kind` is whole, removed, net or inner; `percent` of everybody who matches."""

    words: str
    shown: str
    figure: str
    kind: str
    percent: str


class RuleCount(NamedTuple):
    """How many rules came out one way, with the mark that is shown."""

    mark: str
    status: str
    number: int


class ApprovalPage(NamedTuple):
    """The parts of the page that are worked out for showing."""

    funnel: tuple[Bar, ...]
    forecast: Picture
    rules: tuple[RuleCount, ...]
    limits: tuple[tuple[str, str, str], ...]
    profiles: tuple[str, ...]


def approval_page(view: ApprovalView) -> ApprovalPage:
    """Work out what the page of a campaign's approval shows; draws, so it is not for the event loop."""
    content = view.content
    return ApprovalPage(
        funnel=funnel_bars(content.audience),
        forecast=forecast_picture(content.forecast, content.objective.kpi),
        rules=_rule_counts([rule.status for rule in view.rules]),
        limits=_limits(view),
        profiles=profiles_of(view.messages),
    )


def funnel_bars(audience: AudienceView) -> tuple[Bar, ...]:
    """Everybody who matches, less each reason, net, and the segments inside it."""
    whole = max(int(audience.gross.value), 1)

    def bar(words: str, people: int, figure: str, kind: str) -> Bar:
        sign = MINUS if kind == "removed" else ""
        return Bar(words, f"{sign}{count(people)}", figure, kind, f"{100 * people / whole:.2f}")

    bars = [bar("match the definition", int(audience.gross.value), audience.gross.figure, "whole")]
    bars += [
        bar(one.words, int(one.people.value), one.people.figure, "removed")
        for one in audience.removed
        if int(one.people.value)
    ]
    bars.append(
        bar("may be reached, the holdout included", int(audience.net.value), audience.net.figure, "net")
    )
    bars += [bar(one.words, int(one.people.value), one.people.figure, "inner") for one in audience.segments]
    return tuple(bars)


def may_sign(authority: AuthorityView, name: str) -> bool:
    """Whether this user's signature would fill a seat that is still empty."""
    return any(signer.user == name for seat in authority.signatures for signer in seat.may_be_given_by)


def may_revoke(person: Person, view: ApprovalView | PolicyApprovalView | VersionApprovalView) -> bool:
    """Whether this user may take the approval back, and it is early enough for the button to make sense."""
    if (
        view.status != "approved"
        or not isinstance(view, ApprovalView)
        or view.campaign_state not in _BEFORE_SENDING
    ):
        return False
    about = Resource(view.kind, None, person.workspace_id, view.approval_id)
    return authorise(person, Action.REVOKE_APPROVAL, about).allowed


def why_not(authority: AuthorityView, name: str) -> str:
    """Say why a user cannot sign a waiting approval."""
    if name in authority.had_a_part:
        return "You had a part in this proposal, so somebody else has to sign it."
    if any(seat.given_by is not None and seat.given_by.user == name for seat in authority.signatures):
        return "You have signed. Another signature is still needed."
    needed = " or ".join(role.replace("_", " ") for roles in authority.missing for role in roles)
    return f"Your roles do not fill the seat that is open; it takes a {needed}."


def messages_of(
    session: Session, workspace_id: str, approval_id: str, unsubscribe_url: str
) -> tuple[MessageView, ...]:
    """Return the rendered messages of an approval; NotFoundError where it is about no campaign."""
    return message_views(session, workspace_id, _content(session, workspace_id, approval_id), unsubscribe_url)


def profiles_of(messages: Sequence[MessageView]) -> tuple[str, ...]:
    """The profiles that messages were rendered for, in order."""
    return tuple(sample.profile for sample in messages[0].samples) if messages else ()


def _content(session: Session, workspace_id: str, approval_id: str) -> Content:
    approval = get_approval(session, workspace_id, approval_id)
    proposal = get_proposal(session, workspace_id, approval.proposal_id)
    if proposal.kind != "campaign":
        raise NotFoundError(f"approval {approval_id} has no messages", value=approval_id)
    return parse(proposal.canonical_json)


def _rule_counts(statuses: Sequence[str]) -> tuple[RuleCount, ...]:
    return tuple(RuleCount(mark, status, statuses.count(status)) for status, mark in _MARK.items())


def _limits(view: ApprovalView) -> tuple[tuple[str, str, str], ...]:
    """The fields of a limited approval: name, label, and what is proposed."""
    envelope = view.content.envelope
    proposed = {
        "first_step_people": ("People in the first step", envelope.maximum_people.shown),
        "maximum_people": ("People at most", envelope.maximum_people.shown),
        "budget_minor": ("Budget in minor units (cents)", envelope.budget.shown),
    }
    return tuple((name, *proposed[name]) for name in LIMIT_FIELDS)
