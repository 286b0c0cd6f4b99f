"""Every message as customers would see it: rendered when it is shown, for profiles that are made up."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from sqlmodel import Session

from api.views.numbers import View
from policies.proposal import Content
from store.repositories.proposing import creatives_of
from tools.content.creative import Creative, render
from tools.content.profiles import AWKWARD_PROFILES, SENT_CUSTOMER

AS_SENT = "as sent"


class SampleView(View):
    """A message as one synthetic profile would see it, and the segments in which it reads so."""

    profile: str
    synthetic: bool
    segments: tuple[str, ...]
    subject: str
    preheader: str
    text: str
    html: str


class MessageView(View):
    """The words of one variant on its channel.

    The sample `as sent` is what leaves for somebody whose name is not known, and for everybody by a provider that knows no
    names; e-mail fills in the first name.
    """

    arm_id: str
    channel: str
    digest: str
    locale: str
    samples: tuple[SampleView, ...]


def message_views(
    session: Session, workspace_id: str, content: Content, unsubscribe_url: str
) -> tuple[MessageView, ...]:
    """Render every variant a channel for the profiles; the renderer is the one that the sender uses.

    A variant has the same words in every segment, since the segment is no variable of a message.
    """
    by_arm = {arm.id: arm.creative_digest for arm in content.arms if arm.creative_digest is not None}
    kept = creatives_of(session, workspace_id, by_arm)
    segments = tuple(segment.id for segment in content.audience.segments)
    found = []
    for arm in content.arms:
        if arm.creative_digest is None or arm.channel is None:
            continue
        creative = Creative.model_validate(kept[arm.id])
        samples = [_sample(AS_SENT, SENT_CUSTOMER, creative, segments, unsubscribe_url)]
        samples += [
            _sample(profile.label, profile.customer, creative, segments, unsubscribe_url)
            for profile in AWKWARD_PROFILES
        ]
        found.append(
            MessageView(
                arm_id=arm.id,
                channel=arm.channel,
                digest=arm.creative_digest,
                locale=creative.locale,
                samples=tuple(samples),
            )
        )
    return tuple(found)


def _sample(
    profile: str,
    customer: Mapping[str, JsonValue],
    creative: Creative,
    segments: tuple[str, ...],
    unsubscribe_url: str,
) -> SampleView:
    made = render(creative, customer, unsubscribe_url=unsubscribe_url)
    return SampleView(profile=profile, synthetic=True, segments=segments, **made.model_dump())
