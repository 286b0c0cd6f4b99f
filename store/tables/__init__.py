"""Every operational table, one file a noun. Importing this package registers them all on `metadata`.

Identities live apart (`store.tables.identity`), in a database of their own.
"""

from store.tables.agent_work import AgentTrace, Conversation, Draft, FigureRow, ToolResult, Turn
from store.tables.approvals import Approval, Delegation, ProposalAuthor, Signature
from store.tables.audit import AuditEntry, AuditHead
from store.tables.base import metadata
from store.tables.campaigns import BriefRow, Campaign, Proposal
from store.tables.catalogue import ActionRow, Creative, Document, Offer, Product
from store.tables.decisions import (
    ArmStatistic,
    CapCounter,
    CatalogueRevision,
    ChoiceEvent,
    DrawPositions,
    LearningMark,
    LearntReward,
    ManagedObject,
)
from store.tables.inbound import MessageEvent, SentTest
from store.tables.journeys import JourneyMove, JourneyPerson, JourneyRun
from store.tables.launches import Batch, Choice, Launch, Reservation, Send
from store.tables.measures import Event, Experiment, Outcome, Readout
from store.tables.notifications import Notification, Webhook
from store.tables.people import Consent, ImportRun, Person, ServedProfile, Snapshot, Suppression
from store.tables.remembered import Remembered
from store.tables.threads import ProposeThread
from store.tables.workspaces import ApiKey, HomeClock, RoleGrant, User, Workspace

__all__ = [
    "ActionRow",
    "AgentTrace",
    "ApiKey",
    "Approval",
    "ArmStatistic",
    "AuditEntry",
    "AuditHead",
    "Batch",
    "BriefRow",
    "Campaign",
    "CapCounter",
    "CatalogueRevision",
    "Choice",
    "ChoiceEvent",
    "Consent",
    "Conversation",
    "Creative",
    "Delegation",
    "Document",
    "Draft",
    "DrawPositions",
    "Event",
    "Experiment",
    "FigureRow",
    "HomeClock",
    "ImportRun",
    "JourneyMove",
    "JourneyPerson",
    "JourneyRun",
    "Launch",
    "LearningMark",
    "LearntReward",
    "ManagedObject",
    "MessageEvent",
    "Notification",
    "Offer",
    "Outcome",
    "Person",
    "Product",
    "Proposal",
    "ProposalAuthor",
    "ProposeThread",
    "Readout",
    "Remembered",
    "Reservation",
    "RoleGrant",
    "Send",
    "SentTest",
    "ServedProfile",
    "Signature",
    "Snapshot",
    "Suppression",
    "ToolResult",
    "Turn",
    "User",
    "Webhook",
    "Workspace",
    "metadata",
]
