"""Who may do what: rules in Cedar files, default deny; the signatures an approval needs; roles."""

from policies.authority.decide import (
    Action,
    AuthorityDecision,
    Person,
    Resource,
    authorise,
    require_authority,
    rules_digest,
)
from policies.authority.risk import RiskAssessment, RiskClass, RiskFacts, RiskThresholds, assess_risk
from policies.authority.roles import SYSTEM, Role, RoleUnknownError, read_roles
from policies.authority.signatures import (
    Signature,
    SignatureFacts,
    SignatureRequirement,
    missing_signatures,
    required_signatures,
)

__all__ = [
    "SYSTEM",
    "Action",
    "AuthorityDecision",
    "Person",
    "Resource",
    "RiskAssessment",
    "RiskClass",
    "RiskFacts",
    "RiskThresholds",
    "Role",
    "RoleUnknownError",
    "Signature",
    "SignatureFacts",
    "SignatureRequirement",
    "assess_risk",
    "authorise",
    "missing_signatures",
    "read_roles",
    "require_authority",
    "required_signatures",
    "rules_digest",
]
