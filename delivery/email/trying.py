"""Test messages: an approved or drafted creative to verified addresses of users, marked TEST, at most 20 a proposal.

No customer is a test's recipient, so what protects a test is who may get it. It touches no counter, statistic or reward.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlmodel import Session

from delivery.channels.email import EmailChannel
from delivery.channels.interface import Receipt
from delivery.email.links import Links
from delivery.email.message import write_letter
from delivery.email.settings import EmailSettings
from delivery.errors import DeliveryError
from delivery.ports import Ports
from policies.consent import ConsentStatus
from policies.contact import FrequencyCaps
from policies.errors import ConflictError, InvalidInputError
from policies.gate import GateRules, judge
from policies.gate_facts import GateFacts
from policies.layers import RULE_INDEX, RULES, Category
from policies.proposal import Content, parse
from store.repositories.campaigns import get_campaign, get_creative, get_proposal
from store.repositories.contacts import Contact
from store.repositories.notifications import address_of
from store.repositories.testing import add_tests, settle_test, tests_of
from store.repositories.workspaces import get_workspace
from store.tables import SentTest, User, Workspace
from store.threads import in_thread
from tools.content.creative import Creative


class TestRefusedError(DeliveryError, ConflictError):
    """A test message that may not be sent; nothing was."""

    code = "test_refused"


class TestInputError(InvalidInputError):
    """A test of something that cannot be tested."""

    code = "test_input"


@dataclass(frozen=True)
class Tried:
    """One test message and what became of it."""

    test_id: str
    arm: str
    recipient: str
    outcome: str
    rule: str | None


@dataclass(frozen=True)
class _Ready:
    rows: list[SentTest]
    creatives: dict[str, Creative]
    contacts: dict[str, Contact]


class Tests:
    """Sends test messages through the home's mail server."""

    def __init__(self, ports: Ports, channel: EmailChannel, settings: EmailSettings, links: Links) -> None:
        self._ports = ports
        self._channel = channel
        self._settings = settings
        self._links = links

    async def send(
        self, workspace_id: str, campaign_id: str, asked_by: str, users: Sequence[User], arm: str | None
    ) -> list[Tried]:
        """Send each e-mail of a campaign's proposal, or one arm's, to these users.

        Raises TestInputError for an arm without an e-mail or nobody to send to; TestRefusedError where the gate objects to
        any of them: an address that is not verified, more than 20 tests of the proposal, a stopped workspace.
        """
        ready = await in_thread(self._prepare, workspace_id, campaign_id, asked_by, list(users), arm)
        now = self._ports.clock.now()
        letters = [
            self._channel.signed(
                write_letter(
                    _key_of(row.test_id),
                    ready.creatives[row.arm],
                    ready.contacts[row.recipient],
                    self._settings,
                    self._links,
                    at=now,
                    test=True,
                )
            )
            for row in ready.rows
        ]
        receipts = {receipt.send_key: receipt for receipt in await self._channel.hand_over(letters)}
        return await in_thread(self._keep, ready.rows, receipts)

    def _prepare(
        self, workspace_id: str, campaign_id: str, asked_by: str, users: list[User], arm: str | None
    ) -> _Ready:
        """Judge and write down what is to be sent, before the mail server hears of it."""
        ports, now = self._ports, self._ports.clock.now()
        contacts = self._verified(workspace_id, users)
        with ports.database.write(durable=True) as session:
            campaign = get_campaign(session, workspace_id, campaign_id)
            if campaign.proposal_id is None:
                raise TestInputError(
                    "this campaign has no proposal yet; nothing can be tried", value=campaign_id
                )
            proposal = get_proposal(session, workspace_id, campaign.proposal_id)
            creatives = _creatives(session, workspace_id, parse(proposal.canonical_json), arm)
            if not users:
                raise TestInputError("a test needs somebody to go to; name at least one user", value="to")
            rows = [
                SentTest(
                    test_id=ports.ids.new(now),
                    workspace_id=workspace_id,
                    proposal_id=proposal.proposal_id,
                    arm=name,
                    creative_digest=creative.digest(),
                    recipient=user.user_id,
                    asked_by=asked_by,
                    outcome="sending",
                    asked_at=now,
                )
                for name, creative in creatives.items()
                for user in users
            ]
            workspace = get_workspace(session, workspace_id)
            earlier = tests_of(session, proposal.proposal_id, hold=True)
            _judge(workspace, rows, contacts, earlier, now)
            add_tests(session, rows)
            ports.audit.append(
                session,
                workspace_id=workspace_id,
                at=now,
                actor=asked_by,
                action="campaign.test_sent",
                subject=campaign_id,
                detail={
                    "proposal": proposal.proposal_id,
                    "messages": len(rows),
                    "arms": ", ".join(sorted(creatives)),
                },
            )
        return _Ready(rows, creatives, contacts)

    def _verified(self, workspace_id: str, users: Sequence[User]) -> dict[str, Contact]:
        with self._ports.database.identity_read() as identity:
            found = {
                user.user_id: address_of(identity, workspace_id, user.user_id)
                for user in users
                if user.disabled_at is None
            }
        return {
            user_id: Contact(row.email, "")
            for user_id, row in found.items()
            if row is not None and row.verified_at is not None
        }

    def _keep(self, rows: Sequence[SentTest], receipts: dict[str, Receipt]) -> list[Tried]:
        done: list[Tried] = []
        with self._ports.database.write(durable=True) as session:
            for row in rows:
                receipt = receipts[_key_of(row.test_id)]
                outcome = receipt.outcome.value
                settle_test(session, row.test_id, outcome=outcome, rule=receipt.reason)
                done.append(Tried(row.test_id, row.arm, row.recipient, outcome, receipt.reason))
        return done


def _key_of(test_id: str) -> str:
    return hashlib.sha256(f"test\n{test_id}".encode()).hexdigest()


def _creatives(session: Session, workspace_id: str, content: Content, arm: str | None) -> dict[str, Creative]:
    written = {one.id: one.creative_digest for one in content.arms if one.channel == "email"}
    if arm is not None and arm not in written:
        raise TestInputError(
            f"{arm!r} is no e-mail of this campaign; it has {', '.join(sorted(written)) or 'none'}", value=arm
        )
    wanted = written if arm is None else {arm: written[arm]}
    return {
        name: Creative.model_validate(get_creative(session, workspace_id, digest).content)
        for name, digest in wanted.items()
        if digest is not None
    }


def _judge(
    workspace: Workspace, rows: Sequence[SentTest], contacts: dict[str, Contact], earlier: int, now: datetime
) -> None:
    """Ask the gate; TestRefusedError in the words of the first rule that objects."""
    n = len(rows)
    no, yes = np.zeros(n, dtype=np.bool_), np.ones(n, dtype=np.bool_)
    zeros = np.zeros(n, dtype=np.int64)
    facts = GateFacts(
        workspace_stopped=workspace.stopped_at is not None,
        approval_valid=False,
        campaign_paused=False,
        money_left_minor=None,
        tests_sent=earlier,
        person=np.arange(n, dtype=np.int64),
        send_key=np.arange(n, dtype=np.int64),
        legal_blocked=no,
        consent=np.full(n, int(ConsentStatus.UNKNOWN), dtype=np.int8),
        suppressed=no,
        held_out=no,
        eligible=no,
        test_recipient=np.array([row.recipient in contacts for row in rows], dtype=np.bool_),
        timezone=np.full(n, workspace.timezone, dtype=np.str_),
        contacts_day=zeros,
        contacts_week=zeros,
        contacts_month=zeros,
        cost_minor=zeros,
        already_sent=no,
        not_before=zeros,
        not_after=zeros,
        chosen=yes,
    )
    caps = FrequencyCaps(day=None, week=None, month=None)
    verdicts = judge(facts, GateRules(Category.TEST, None, workspace.timezone, caps), now)
    for place in np.flatnonzero(~verdicts.sends).tolist():
        rule = RULES[RULE_INDEX[str(verdicts.rule_id(place))]]
        raise TestRefusedError(
            f"no test was sent: {rule.words} (user {rows[place].recipient}); a user verifies their address with "
            "`countersign notifications email` and the code that is sent there",
            value=rule.rule_id,
        )
