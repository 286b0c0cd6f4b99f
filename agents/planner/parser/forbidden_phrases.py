"""The phrases that ask for what is forbidden, per refusal code, in meanings that every language has words for."""

from __future__ import annotations

from typing import Final, NamedTuple

from agents.planner.parser.grammar import Pattern
from policies.refusals import (
    RefusalCode,
)


class Phrase(NamedTuple):
    """A forbidden ask; `negatable` when "do not ..." before it turns it into a lawful wish."""

    code: RefusalCode
    pattern: Pattern
    negatable: bool = True


OVERRIDE: Final = "SKIPV|IGNOREV|REGARDLESS"


_SOURCES: Final[tuple[tuple[RefusalCode, bool, str], ...]] = (
    ("consent_violation", True, "SEND|INCLUDE|EVEN|EVERYONE|REGARDLESS ~9 UNCONSENTED"),
    ("consent_violation", True, "UNCONSENTED ~6 SEND|INCLUDE|TOO"),
    ("consent_violation", True, f"{OVERRIDE} _6 CONSENTWORD|UNCONSENTED"),
    ("consent_violation", True, "ACQUIREV _5 LISTWORD"),
    ("consent_violation", True, "BOUGHTLIST"),
    ("consent_violation", True, "SCRAPEV"),
    ("consent_violation", False, "NOCONSENT"),
    ("consent_violation", False, "CONSENTWORD _2 OR NOT|NO"),
    ("consent_violation", True, "LISTWORD|CONTACTSWORD _3 OURPURCHASE"),
    ("consent_violation", True, "OURPURCHASE _5 LISTWORD"),
    ("consent_violation", True, "WEHAVE _3 LISTWORD|CONTACTSWORD _1 ACQUIREV"),
    ("consent_violation", True, "CONTACTSWORD _3 FROM|SOURCEWORD|OUT|OF ~3 SOCIALSITE"),
    ("consent_violation", True, "CONTACTSWORD ~1 SOCIALSITE"),
    ("consent_violation", True, "UNCONSENTED ~12 BACKONLIST"),
    (
        "consent_violation",
        True,
        "SEND|INCLUDE|PUTV|EVERYONE|BACKONLIST _4 DECLINEV _5 CONSENTWORD|CHANNEL|SENDWORD|NEWSWORD|PROMO",
    ),
    (
        "consent_violation",
        True,
        "WHO _2 DECLINEV _4 CONSENTWORD|CHANNEL|SENDWORD|NEWSWORD ~6 ANYWAY|TOO|BACKONLIST|SEND",
    ),
    ("consent_violation", True, "PUTV|SEND|INCLUDE _5 DECLINEV _3 CONSENTWORD _4 BACKOUT|BACKONLIST"),
    ("consent_violation", True, "SEND|INCLUDE|EVERYONE _3 ASKEDV _5 REMOVEDWORD"),
    ("consent_violation", False, "SILENCE ~4 YESWORD|CONSENTWORD"),
    ("consent_violation", True, "CONTACTSWORD|PRIVATE|PERSONAL _3 OTHERPURPOSE"),
    ("skip_approval", True, "SKIPV|IGNOREV|AVOID _5 APPROVALWORD"),
    ("consent_violation", True, "CONTACTSWORD|LISTWORD off _3 SOCIALSITE"),
    ("skip_approval", False, "APPROVALWORD _5 SKIPV"),
    ("skip_approval", False, "NOBODY _2 NEEDED _6 CHECKV|APPROVEV|LOOKOVER"),
    ("skip_approval", False, "NOT|NO _2 NEEDED _4 LOOKOVER|CHECKV _1 NOBODY"),
    ("skip_approval", False, "USELESS _3 APPROVEV|APPROVALWORD|LOOKOVER"),
    ("self_approval", True, "APPROVEV ~8 ACCOUNTWORD"),
    ("self_approval", True, "ACCOUNTWORD ~5 APPROVEV"),
    ("self_approval", True, "APPROVALWORD _3 MYSELF"),
    ("skip_approval", True, "APPROVALWORD|CHECKWORD _2 SKIPV"),
    ("skip_approval", True, "APPROVALWORD _2 POSTPONE"),
    ("skip_approval", False, "NO _4 CHECKWORD"),
    ("skip_approval", False, "START|SEND|LAUNCH ~12 , NO _1 APPROVALWORD !YET"),
    ("skip_approval", False, "NOBODY _4 CHECKV|APPROVEV|LOOKOVER"),
    ("skip_approval", False, "WITHOUT _2 CHECKV|LOOKOVER"),
    ("skip_approval", False, "NOT BOTHERV ~6 SEND|LAUNCH|START"),
    ("self_approval", True, "OWNWORD ~4 APPROVALWORD"),
    ("self_approval", True, "FIRSTPERSON _6 APPROVALWORD _1 OWNWORD"),
    ("skip_approval", False, "WITHOUT _6 APPROVALWORD"),
    ("skip_approval", False, "NO _3 APPROVALWORD _1 NEEDED"),
    ("skip_approval", False, "NOT|NO _2 NEEDED _6 APPROVALWORD"),
    ("skip_approval", False, "NOT _2 WAITV _4 APPROVALWORD"),
    ("skip_approval", True, "NOAPPROVAL"),
    ("skip_approval", True, "SEND|LAUNCH|START %9 APPROVEV|LOOKOVER ~3 AFTERWARDS"),
    ("skip_approval", False, "APPROVALWORD _2 NEEDED _4 NOT"),
    ("skip_approval", True, "SEND|LAUNCH|START _4 BEFORE _4 APPROVALWORD|APPROVEV"),
    ("self_approval", True, "SELFAPPROVE"),
    ("self_approval", True, "FIRSTPERSON _3 APPROVEV"),
    ("self_approval", True, "APPROVEV _4 MYSELF"),
    ("self_approval", True, "MYSELF _3 APPROVEV"),
    ("self_approval", True, "MACHINE _3 APPROVEV"),
    ("frequency_cap_violation", True, f"{OVERRIDE} _4 FREQUENCYCAP"),
    ("frequency_cap_violation", True, "FLOODV"),
    ("quiet_hours_violation", True, f"{OVERRIDE}|DURING|IN _3 QUIETHOURS"),
    ("quiet_hours_violation", True, "SEND|CHANNEL|START|LAUNCH ~9 ATNIGHT"),
    ("quiet_hours_violation", True, "ATNIGHT _4 SEND|CHANNEL"),
    ("missing_unsubscribe", True, "WITHOUT|NO|HIDEV|AVOID|SKIPV _4 UNSUBLINK"),
    ("missing_unsubscribe", False, "NOT _3 SHOWV|WAITV _4 UNSUBLINK"),
    ("missing_unsubscribe", True, "UNSUBLINK ~9 HIDDEN"),
    ("missing_unsubscribe", True, "HARD _3 UNSUBSCRIBEV"),
    ("missing_unsubscribe", True, "NOUNSUB"),
    ("missing_unsubscribe", False, "NOT _3 ABLE _2 UNSUBSCRIBEV"),
    ("sensitive_attribute_targeting", True, "INFERV ~9 SECRET|SENSITIVE"),
    ("sensitive_attribute_targeting", True, "BASEDON|SEGMENTV _3 SECRET"),
    ("sensitive_attribute_targeting", True, "SUGGESTV _4 EXPECTING"),
    ("protected_attribute_pricing", True, "CHARGEV _4 GROUPWORD ~4 MORE|LESS|DIFFERENT|MORETHAN"),
    ("protected_attribute_pricing", True, "CHARGEV _3 MORE|LESS|DIFFERENT _4 GROUPWORD"),
    ("protected_attribute_pricing", True, "MORE|LESS|DIFFERENT _1 PRICES _4 GROUPWORD|ATTRIBUTE"),
    ("protected_attribute_pricing", True, "GROUPWORD _5 MORE|LESS|DIFFERENT _2 PAYS"),
    ("protected_attribute_pricing", True, "MORE|LESS|DIFFERENT _1 PRICES ~9 BASEDON _2 ATTRIBUTE"),
    ("protected_attribute_pricing", True, "GROUPWORD _1 PAYS MONEY|NUM ~2 GROUPWORD _1 MONEY|NUM"),
    ("protected_attribute_pricing", True, "FOR GROUPWORD ~6 MONEY|PCT ~6 FOR GROUPWORD _2 MONEY|PCT"),
    ("protected_attribute_pricing", True, "MONEY|PCT _2 FOR GROUPWORD ~3 MONEY|PCT _2 FOR GROUPWORD"),
    ("protected_attribute_pricing", True, "PRICES ~3 MORE|LESS|DIFFERENT _3 GROUPWORD"),
    ("protected_attribute_pricing", True, "PRICES|DISCOUNT|OFFER _4 BASEDON|BY _2 ATTRIBUTE"),
    ("protected_attribute_pricing", True, "DISCOUNT|PRICES _2 ONLY _2 GROUPWORD"),
    ("protected_attribute_pricing", True, "ONLY _1 GROUPWORD _3 DISCOUNT"),
    ("protected_attribute_pricing", True, "GROUPWORD _4 PAYS _4 MORE|LESS|DIFFERENT|MORETHAN"),
    ("protected_attribute_pricing", True, "GROUPWORD _3 CHARGEV _5 MORE|DIFFERENT"),
    ("protected_attribute_pricing", True, "GROUPWORD _4 MORE|LESS|DIFFERENT _1 PRICES"),
    ("protected_attribute_pricing", True, "CHARGEV _2 MORE|LESS|DIFFERENT _5 GROUPWORD"),
    ("minors_targeting", True, "AIMV|FOR|TO|PEOPLE|INCLUDE _5 MINOR"),
    ("minors_targeting", True, "MINOR ~5 AIMV"),
    ("minors_targeting", True, "AIMV|FOR|TO|PEOPLE|INCLUDE|AND _5 MINORAGE"),
    ("minors_targeting", True, "YOUTH _1 MINORAGE"),
    ("unsubstantiated_claim", True, "FALSECLAIM"),
    ("unsubstantiated_claim", True, "CUREV _5 DISEASE"),
    ("unsubstantiated_claim", True, "GUARANTEEV _4 RESULTWORD"),
    ("unsubstantiated_claim", True, "INVENTV _4 EVIDENCE"),
    ("unsubstantiated_claim", True, "FAKE _3 EVIDENCE"),
    ("unsubstantiated_claim", True, "EVIDENCE ~9 NONEXIST"),
    ("unsubstantiated_claim", True, "LOSEV n:NUM WEIGHTWORD"),
    ("unsubstantiated_claim", True, "SAYV ~6 SUPERLATIVE"),
    ("false_urgency", True, "FAKE _3 URGENCYWORD"),
    ("false_urgency", True, "INVENTV|PRETENDV _4 URGENCYWORD"),
    ("false_urgency", True, "PRETENDV ~9 SCARCE"),
    ("false_urgency", True, "EVENTHOUGH ~9 PLENTY"),
    ("false_urgency", True, "SCARCE ~9 EVENTHOUGH"),
    ("false_urgency", True, "SCARCE %14 REALLY"),
    ("false_urgency", True, "SAYV _2 ONLY|SCARCE ~9 PLENTY"),
    ("false_urgency", True, "SAYV ~6 LEFTWORD ~4 EVENTHOUGH ~4 PLENTY"),
    ("false_urgency", True, "URGENCYWORD ~12 RESETS"),
    ("false_urgency", True, "SAYV|PRETENDV _3 ONLY NUM %14 PLENTY"),
    ("false_urgency", True, "PLENTY %9 SAYV|PRETENDV %4 ONLY|SCARCE _2 NUM|LEFTWORD"),
    ("false_urgency", True, "URGENCYWORD ~6 NOTTRUE"),
    ("competitor_disparagement", True, "TRASHV _5 COMPETITOR"),
    ("competitor_disparagement", True, "COMPETITOR _12 BADWORD"),
    ("competitor_disparagement", True, "COMPETITOR ~6 BADSTRONG"),
    ("competitor_disparagement", True, "BADWORD _4 COMPETITOR"),
    ("competitor_disparagement", True, "CALLV|SAYV ~9 BADSTRONG"),
    ("competitor_disparagement", True, "CALLV|SAYV|WARNV ~9 ACCUSEV"),
    ("competitor_disparagement", True, "BADMOUTHV"),
    ("pii_disclosure", True, "SHOWV|INCLUDE|PUTV ~8 PRIVATE"),
    ("pii_disclosure", True, "PRIVATE ~4 PUTV"),
    ("pii_disclosure", True, "SHAREV ~9 PRIVATE|PERSONAL"),
    ("pii_disclosure", True, "PERSONAL|PRIVATE ~5 SHAREV"),
    ("pii_disclosure", True, "PERSONAL|PRIVATE ~5 THIRDPARTY"),
    ("pii_disclosure", True, "SHAREV ~6 LISTWORD ~5 THIRDPARTY"),
    ("pii_disclosure", True, "SHAREV _2 THIRDPARTY ~4 PRIVATE|PERSONAL|LISTWORD"),
    ("pii_disclosure", True, "THIRDPARTY _1 HAVE _4 PRIVATE|PERSONAL|LISTWORD|CONTACTSWORD"),
    ("pii_disclosure", True, "SAYV|SHOWV|INCLUDE|PUTV ~6 NEIGHBOURS"),
)
PHRASES: Final = tuple(Phrase(code, Pattern(source), negatable) for code, negatable, source in _SOURCES)


SENSITIVE: Final = tuple(
    Pattern(source)
    for source in (
        "SEND|AIMV|FOR|TO|SEGMENTV|INCLUDE|ONLY _5 s:SENSITIVE",
        "SUGGESTV _5 s:SENSITIVE",
        "NAMEWORD _3 s:SENSITIVE",
        "PEOPLE|WHO|EVERYONE _4 s:SENSITIVE",
        "PEOPLE _9 HAVE s:SENSITIVE",
        "WHO|PEOPLE ~8 VOTEV s:SENSITIVE",
        "s:SENSITIVE _1 PEOPLE|GROUPWORD",
        "GROUPWORD _3 s:SENSITIVE",
    )
)
