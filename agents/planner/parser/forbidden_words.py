"""English phrases that ask for what is forbidden, per refusal code; numbers and hours are judged by policy."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from policies.refusals import RefusalCode


class Phrase(NamedTuple):
    """A forbidden ask; `negatable` when "do not ..." before it turns it into a lawful wish."""

    code: RefusalCode
    pattern: re.Pattern[str]
    negatable: bool = True


_SEND = r"(?:includ(?:e|ing)|e-?mail(?:ing)?|mail(?:ing)?|text(?:ing)?|messag(?:e|ing)|contact(?:ing)?|target(?:ing)?|send(?:ing)?|reach(?:ing)?|re-?add(?:ing)?|add(?:ing)?|even|also|re-?subscrib(?:e|ing)|write to|blast(?:ing)?|notify|sms|push|to)"
_GAP = r"(?:(?!\b(?:except|exclud\w+|not to|but not|omit\w*|remov\w*|skip\w*|leav\w+ out|suppress (?:the|those)|who agreed|minus)\b)[^.;!?\n])"
_UNCONSENTED = (
    r"(?:unsubscribed\b(?! (?:rate|link))|unsubscribes\b|unsubscribers\b|opted[- ]out\b|opt-?outs\b|withdr[ae]wn? (?:their )?consent|(?:without|no|lack(?:ing)?) (?:\w+ )?(?:marketing )?consent\b"
    r"|(?:have|has|had|did|do|does)(?:n['’]t| not)(?: yet)?(?: ever)? (?:opt(?:ed)? in|consent(?:ed)?|give[n]? (?:us )?(?:\w+ )?(?:consent|permission)|agree[d]?(?: to)?|subscribe[d]?)\b"
    r"|never (?:opted in|consented|agreed|gave (?:us )?(?:\w+ )?(?:consent|permission)|subscribed)|not opted[- ]in\b|non-?consent\w*|suppress(?:ed|ion) (?:people|contacts|customers|list|addresses)"
    r"|do[- ]not[- ]contact|said no to (?:our )?(?:marketing|e-?mails?|messages)|asked (?:us )?(?:not to be|to stop|to be removed))"
)  # fmt: skip
_PEOPLE = r"(?:customers?|people|women|men|users?|shoppers?|members?|families|households|subscribers?|buyers?|clients?|patients|those|anyone|everyone|folks|voters|persons?|moms|mothers|ladies)"
_HEALTH = r"(?:diabet(?:es|ics?)|cancer|hiv(?:[- ]positive)?|aids\b|depress(?:ion|ed)|anxiety|disabled|disabilit(?:y|ies)|asthma\w*|epilep\w+|mental(?:ly)? (?:health|ill\w*)|chronic(?:ally)? (?:illness\w*|ill|diseases?)|obes(?:e|ity)|addict(?:s|ed|ion)|alcoholics?|infertil\w+|medical conditions?|migraines?|arthritis|sick\b|ill\b)"
_PREGNANT = r"(?:pregnan(?:t|cy|cies)|expecting (?:a (?:baby|child)|mothers|moms)|expectant (?:mothers|moms|parents)|trying to conceive|miscarriage)"
_RELIGION = r"(?:muslims?|jew(?:s|ish)\b|christians?\b|catholics?|hindus?\b|buddhists?|sikhs?|atheists?|protestants?|mormons?|evangelicals?)"
_ETHNIC = r"(?:african[- ]americans?|hispanics?|latin[oax]s?|asian|caucasian|ethnic (?:minorit\w+|groups?)|roma\b|arabs?|immigrants?|of (?:african|asian|arab|turkish|jewish|latin) (?:descent|origin)|white(?=\s(?:people|customers|women|men))|(?-i:Black)(?=\s(?:people|customers|women|men|users|shoppers)))"
_ORIENTATION = r"(?:gays?\b|lesbians?|lgbt\w*\+?|homosexuals?|bisexuals?|queer|transgender|trans (?:people|customers|women|men))"
_POLITICAL = r"(?:republicans?|democrats?|conservatives?|liberals?|left[- ]wing\w*|right[- ]wing\w*|labour voters|tory|tories|afd voters|trump (?:supporters|voters)|(?:green|party) (?:voters|members))"
SENSITIVE_TERMS: Final[dict[str, str]] = {
    "health": _HEALTH,
    "ethnicity": _ETHNIC,
    "religion": _RELIGION,
    "sexual orientation": _ORIENTATION,
    "political opinion": _POLITICAL,
    "pregnancy": _PREGNANT,
}
_ATTRIBUTES = r"(?:gender|sex|age|race|ethnicity|ethnic origin|religion|faith|nationality|skin colou?r|disability|health(?: status| condition)?|sexual orientation|political (?:opinions?|views|leanings?)|pregnancy|marital status)"
_SECRET = r"(?:religion|faith|ethnicity|ethnic (?:origin|background)|race|skin colou?r|health(?: status| condition| data)?|medical (?:history|data)|sexual orientation|sexuality|political (?:opinions?|views|leanings?|affiliation)|pregnancy|disability)"
_GROUP = r"(?:women|men|females?|males?|older (?:people|customers)|elderly(?: people| customers)?|seniors?|foreigners|immigrants|disabled(?: people| customers)?|pensioners|muslims|jews|christians|black customers|minorities|pregnant women)"
_MINOR = r"(?:kids|children|teens?|teenagers?|minors|under[- ]?(?:1[0-7]|age)s?(?: year[- ]olds)?|(?:[6-9]|1[0-7])[- ]year[- ]olds?|(?:[6-9]|1[0-5])\s?(?:-|–|to)\s?1[0-7][- ]year[- ]olds|school ?(?:children|kids|boys|girls)|pupils|tweens)"
_THINGS = r"(?!['’]?s?['’]?\s(?:\w+\s)?(?:clothing|clothes|wear|shoes|sneakers|toys|books|collection|range|line|products?|items|fashion|furniture|bikes?|coats|jackets|section|department|bedding|meals?|menu|parents|tickets)\b)(?!['’])"
_INTERNAL = r"(?:the |our |your |its |any |a |an |their |that ){0,6}"

_PHRASES: tuple[tuple[RefusalCode, bool, str], ...] = (
    ("consent_violation", True, rf"\b{_SEND}\s{_GAP}{{0,80}}?{_UNCONSENTED}"),
    ("consent_violation", True, r"\b(?:regardless of|whether or not|irrespective of|ignor(?:e|ing)|bypass(?:ing)?|skip(?:ping)?|overrid(?:e|ing)|disregard(?:ing)?|never mind|no matter)\s[^.;!?\n]{0,30}?\b(?:consent|opt(?:ed)?[- ]?(?:ins?|in status|outs?)|unsubscribe(?:s|d| list| requests?)?|suppression(?: lists?)?|do[- ]not[- ]contact|permissions?|marketing preferences)\b"),
    ("consent_violation", True, r"\b(?:buy|bought|purchas(?:e|ed)|rent(?:ed)?|scrap(?:e|ed|ing)|harvest(?:ed|ing)?|third[- ]party|cold)\s(?:\w+\s){0,3}?(?:e-?mail |mailing |contact |address )?(?:lists?|addresses|contacts|phone numbers|databases?)\b"),
    ("consent_violation", True, r"\b(?:linkedin|web|internet|facebook)[^.;\n]{0,30}\bscrap(?:e|ed|ing)\b|\bscrap(?:e|ed|ing)\b[^.;\n]{0,40}\b(?:e-?mails?|addresses|profiles)\b"),
    ("skip_approval", True, r"\b(?:skip(?:ping)?|bypass(?:ing)?|circumvent(?:ing)?|avoid(?:ing)?|ignor(?:e|ing)|waiv(?:e|ing)|forget(?: about)?|disabl(?:e|ing)|get around|drop|remove)\s(?:the |any |all |further |legal |usual |manual |human |whole |waiting for (?:the )?){0,6}(?:approvals?|sign-?offs?|countersign\w*|review (?:step|process|stage)|approval (?:step|process)|four[- ]eyes)\b"),
    ("skip_approval", False, r"\bwithout (?:the |any |an |further |legal |waiting for (?:an |the |any )?|asking for |needing |getting |prior |manager ){0,6}(?:approval|sign-?off|countersign\w*|human review|manual review|legal review|review(?=[,.;!]|$| by| from))\b"),
    ("skip_approval", False, r"\b(?:no need (?:for|to)|don['’]?t (?:need|wait for|bother with)|do not (?:need|wait for)|needs? no|requires? no|no)\s(?:an |any |the |to |get |wait for |further |for ){0,6}(?:approv(?:al|e|als)(?:\s(?:is )?(?:needed|required|necessary))?|sign-?off|countersign\w*)\b"),
    ("skip_approval", True, r"\bauto-?(?:matic(?:ally)? )?approv\w+\b|\b(?:is|has been|was|it['’]s|have|has)?\s?(?:already|pre-?)\s?(?:been )?approved\b[^.;\n]{0,40}\b(?:so|just|send|launch|go)\b|\bmark (?:it|this|the \w+) as approved\b|\b(?:launch|send|go live|publish) (?:it |this )?(?:now |immediately |right away )?before (?:\w+ )?(?:approv\w+|sign-?off|anyone (?:approves|checks|reviews))"),
    ("self_approval", True, r"\bself[- ]approv\w+|\bI\s?(?:['’]ll|['’]m| will| can| hereby| am going to| want to| would like to)?\s?(?:also |then |just )?(?:approv(?:e|ing)|countersign|sign[- ]off)\b(?!\s(?:of\s)?(?:the )?(?:budget|idea))|\bapprove (?:it|this|that|the \w+|my (?:own )?\w+) (?:myself|yourself|on (?:my|your|our) (?:own )?behalf|for me|as (?:me|my (?:boss|manager)|the (?:manager|approver)|admin))\b|\b(?:you|the (?:agent|system|software|bot|ai|planner))\s(?:can |may |should |must )?(?:just )?approves? (?:it|this|that|the)\b|\blet (?:me|the (?:author|agent|system|ai|bot)) approve\b|\bI am (?:also )?the approver\b|\bapprove my own\b"),
    ("frequency_cap_violation", True, r"\b(?:ignor(?:e|ing)|overrid(?:e|ing)|exceed(?:ing)?|bypass(?:ing)?|lift(?:ing)?|forget|disregard(?:ing)?|rais(?:e|ing)|disabl(?:e|ing)|remov(?:e|ing)|skip(?:ping)?)\s(?:the |our |any |all )?(?:weekly |daily )?(?:frequency (?:caps?|limits?)|message (?:caps?|limits?)|contact (?:caps?|limits?)|caps? on (?:messages|contacts))|\bas often as (?:possible|we can|you can)\b|\b(?:bombard|spam|flood|carpet[- ]bomb|hammer)\b|\bno limit on (?:the )?(?:number of )?(?:messages|e-?mails|sends)\b|\buntil they (?:buy|respond|give in|convert)\b"),
    ("quiet_hours_violation", True, r"\b(?:ignor(?:e|ing)|overrid(?:e|ing)|bypass(?:ing)?|disregard(?:ing)?|skip(?:ping)?|disabl(?:e|ing)|forget|regardless of|despite|during|inside|within|in)\s(?:the |their |our |any )?quiet[- ](?:hours|time)\b"),
    ("quiet_hours_violation", True, r"\b(?:send|sending|sms|text|texts|texting|e-?mails?|push|notifications?|messages?|deliver|blast|ping|wake)\b[^.;!?\n]{0,50}?\b(?:in the middle of the night|overnight|late at night|in the dead of night|while (?:they|people) (?:are )?(?:sleep|asleep)|during the night|at night)\b"),
    ("missing_unsubscribe", True, rf"\b(?:without|no|remov(?:e|ing)|hid(?:e|ing)|drop(?:ping)?|omit(?:ting)?|leav(?:e|ing) out|skip(?:ping)?|strip(?:ping)?(?: out)?|bury(?:ing)?|delet(?:e|ing)|get rid of|disabl(?:e|ing)|don['’]?t (?:include|add|show|put|have)|do not (?:include|add|show|put|have))\s{_INTERNAL}(?:visible |working |tiny )?(?:unsubscribe|un-subscribe|opt-?out|unsubscription)\s?(?:links?|buttons?|footers?|options?|text|line)?\b(?!\s(?:rate|increase|spike|rise))"),
    ("missing_unsubscribe", True, r"\b(?:unsubscribe|opt-?out)(?: link| button| option)?\s(?:\w+\s){0,3}?(?:hidden|invisible|removed|left out|unreadable|hard to (?:find|see)|in (?:white|tiny|microscopic)|as small as)\b|\b(?:hard(?:er)?|difficult|impossible|cannot|can['’]t|unable)\s(?:for \w+ )?(?:to )?(?:unsubscribe|opt out)\b"),
    ("sensitive_attribute_targeting", True, rf"\b(?:infer|guess|predict|deduce|detect|estimate|figure out|work out|identify)\w*\s[^.;!?\n]{{0,50}}?\b(?:{_SECRET}|{_PREGNANT}|{_ORIENTATION}|{_HEALTH}|{_RELIGION})\b"),
    ("sensitive_attribute_targeting", True, rf"\b(?:by|based on|according to|using|target\w*(?: on)?|segment\w*(?: by| on)?|depending on)\s(?:their |the |customers['’]? |people['’]?s )?(?:{_SECRET})\b(?!\s(?:\w+\s)?(?:products?|bars?|food|range|collection|section))"),
    ("protected_attribute_pricing", True, rf"\b(?:charge|price|quote|show|give|offer|ask)\s(?:the )?{_GROUP}\s(?:\w+\s){{0,3}}?(?:more|higher|less|lower|extra|cheaper|bigger|smaller|worse|better|different|double)\b"),
    ("protected_attribute_pricing", True, rf"\b(?:higher|lower|different|better|worse|bigger|smaller|cheaper|special|personali[sz]ed|separate)\s(?:prices?|pricing|discounts?|rates?|fees?|offers?)\s(?:only )?(?:for|to|by|based on|depending on|according to)\s(?:the )?(?:customers['’]? |their |a person['’]?s )?(?:{_GROUP}|{_ATTRIBUTES})\b(?!['’]s?)"),
    ("protected_attribute_pricing", True, rf"\b(?:prices?|pricing|discounts?|fees?|surcharges?|mark-?ups?|% off)\s(?:\w+\s){{0,3}}?(?:by|based on|depending on|according to|vary(?:ing)? (?:by|with))\s(?:customers['’]? |their |the |people['’]?s )?{_ATTRIBUTES}\b"),
    ("protected_attribute_pricing", True, rf"\b(?:discounts?|% off|prices?|surcharges?|price increases?)\s(?:is |are |only |just |exclusively ){{0,6}}(?:for|to|on)\s(?:only |just )?{_GROUP}(?:\sonly|\sand not|,? not)\b|\b(?:discounts?|% off)\s(?:only|just|exclusively)\s(?:for|to)\s{_GROUP}\b(?!['’]s?)"),
    ("minors_targeting", True, rf"\b(?:target(?:ing)?|reach(?:ing)?|e-?mail(?:ing)?|text(?:ing)?|messag(?:e|ing)|aim(?:ed|ing)? at|market(?:ing|ed)?(?: directly)? to|advertis(?:e|ing) to|sell(?:ing)? to|appeal(?:ing)? to|send\s(?:\w+\s){{0,5}}?to|campaign (?:for|to)|push (?:notifications? )?to|address(?:ing)?|contact(?:ing)?|get|audience:?|among|directly to|written for)\s(?:(?!parents|mothers|mums|moms|fathers|dads|families|adults|teachers|customers|people|those|guardians|buyers)\w+\s){{0,3}}?{_MINOR}\b{_THINGS}"),
    ("minors_targeting", True, r"\b(?:customers?|users?|people|subscribers?|members?|anyone|girls|boys|players|those)\s(?:who are |that are |aged |age |younger than |under )+(?:the age of )?(?:1[0-7]\b(?!\s?(?:%|\+|eur|usd|days|months|orders))|(?:[6-9]|1[0-5])\s?(?:-|–|to)\s?1[0-7]\b(?!\s?(?:%|days|months)))"),
    ("unsubstantiated_claim", True, r"\b(?:clinically|scientifically|medically) (?:proven|tested|approved)\b|\b(?:cures?|heals?|eliminates?)\s(?:\w+\s){0,3}?(?:cancer|diabetes|arthritis|acne|depression|anxiety|insomnia|covid|eczema|pain|ageing|aging|disease\w*)\b|\b(?:doctor|dermatologist|expert)s?[- ](?:recommended|approved)\b|\bguarantee[ds]?\s(?:\w+\s){0,3}?(?:results?|weight loss|to (?:cure|lose|double|make|work|heal|get))\b|\b(?:lose|drop)\s[0-9]+\s?(?:kg|kilos|pounds|lbs)\b|\b(?:the )?world['’]?s (?:best|safest|most effective|healthiest)\b|\b(?:best|safest|healthiest) in the world\b|\bmiracle\b|\b100\s?% (?:effective|safe|guaranteed|natural cure|risk[- ]free)\b|\b(?:make up|invent|fabricate)\w*\s(?:\w+\s){0,3}?(?:stud(?:y|ies)|statistics?|testimonials?|reviews?|claims?|numbers|evidence|proof|quotes?)\b|\bfake (?:reviews?|testimonials?|statistics|stud(?:y|ies))\b|\b(?:boosts?|strengthens?) (?:your |the )?immun\w+"),
    ("false_urgency", True, r"\b(?:fake|false|artificial|pretend(?:ed)?|invented|bogus|made[- ]up|phony|fictitious)\s(?:\w+\s){0,2}?(?:countdowns?|scarcity|urgency|deadlines?|timers?|stock|shortages?|low[- ]stock|sell-?outs?|expiry)\b|\bcountdown(?: timer)?\b[^.;\n]{0,30}\b(?:resets?|restarts?|never ends)\b|\b(?:even though|although|even if|whether or not|but actually|when in fact)\b[^.;\n]{0,50}\b(?:plenty|lots of stock|full(?:y)? stock\w*|no deadline|(?:sale|offer|deal) (?:continues|runs (?:on|longer)|goes on|never ends|isn['’]t ending|doesn['’]t end)|isn['’]t true|not true|thousands|hundreds|well stocked|no rush|not ending|enough)\b|\b(?:pretend|act as if|make (?:people|them|it) (?:think|believe|look like|seem))\s[^.;\n]{0,50}\b(?:sold out|selling out|last|running out|ends?|almost gone|limited|expires?|few left)\b"),
    ("competitor_disparagement", True, r"\b(?:trash|bash|mock|badmouth|slam|smear|ridicule|disparage|belittle|insult|rip into|make fun of|run down|slag off|discredit)(?:ing)?\s(?:\w+\s){0,4}?(?:competit\w+|rivals?|(?-i:[A-Z]\w+))|\battack(?:ing)?\s(?:our |the )?(?:competit\w+|rivals?)\b"),
    ("competitor_disparagement", True, r"\b(?:competitors?|rivals?|the competition)(?:['’]s?)?\s(?:\w+\s){0,4}?(?:is|are|as|makes?|sells?)\s(?:\w+\s){0,3}?(?:garbage|trash|unsafe|scams?|scammers|bad|terrible|rubbish|worse|inferior|crap|junk|dangerous|frauds?|toxic|poison\w*|liars?|overpriced|cheap knock-?offs?|low[- ]quality|poor)\b"),
    ("competitor_disparagement", True, r"\b(?:say|claim|tell|write|mention|state|explain|point out)\w*\s(?:\w+\s){0,3}?(?:that\s)?(?-i:[A-Z]\w+)(?:['’]s)?\s(?:\w+\s){0,3}?(?:is|are)\s(?:\w+\s){0,2}?(?:garbage|trash|unsafe|a scam|terrible|rubbish|inferior|crap|junk|dangerous|fraud\w*|toxic|poison\w*)\b"),
    ("pii_disclosure", True, r"\b(?:includ(?:e|ing)|put(?:ting)?|show(?:ing)?|print(?:ing)?|insert(?:ing)?|mention(?:ing)?|list(?:ing)?|display(?:ing)?|reveal(?:ing)?|expos(?:e|ing)|publish(?:ing)?|quot(?:e|ing)|add(?:ing)?|personali[sz]e with)\s(?:(?!our|own|billing support)\w+['’]?s?\s){0,4}?(?:credit[- ]card(?: numbers?| details)?|card numbers?|bank (?:details|accounts?)|ibans?|home address(?:es)?|phone numbers?|passport(?: numbers?)?|social security numbers?|ssns?|dates? of birth|birth ?dates|medical (?:records?|history)|passwords?|diagnos[ei]s|salar(?:y|ies)|full (?:address|name and address))\b"),
    ("pii_disclosure", True, r"\b(?:export|share|sell|send|give|hand over|pass(?: on)?|forward|leak|upload|dump|e-?mail|attach)(?:ing)?\s(?:me |us |him |her |them |it |over |the |our |all |a |an |full |complete ){0,6}(?:customer (?:list|data|database|e-?mails?|addresses)|(?:list|database|export|spreadsheet|csv|file) of (?:all )?(?:\w+ )?(?:customers?|subscribers?|e-?mail addresses|names|addresses)\b|personal (?:data|information|details)|(?:names?|e-?mails?|phone numbers|addresses)(?: and (?:e-?mails?|phone numbers|addresses|names)){0,6} of (?:all |our |the )?(?:customers|subscribers|members|people|everyone)|customers['’]? (?:e-?mails?|e-?mail addresses|phone numbers|addresses|names|personal data|data)|(?:their|everyone['’]s) (?:phone numbers|e-?mail addresses|home addresses|personal data|data))\b"),
    ("pii_disclosure", True, r"\b(?:share|upload|sell|give|pass|send)\w*\b[^.;\n]{0,40}\b(?:phone numbers|e-?mail addresses|personal data|customer data|addresses)\b[^.;\n]{0,30}\b(?:to|with)\s(?:\w+\s){0,3}?(?:partners?|third part\w+|advertisers?|agenc\w+|sponsors?|vendors?|brokers?|public\w*)\b"),
)  # fmt: skip
PHRASES: Final = tuple(
    Phrase(code, re.compile(p, re.IGNORECASE), negatable) for code, negatable, p in _PHRASES
)


def _sensitive(term: str) -> re.Pattern[str]:
    """People named by the attribute; a product for it, or those who chose it themselves, is another thing."""
    verb = r"(?:who (?:are|have|suffer from|is|vote|were|might be|seem)|that (?:are|have)|with|suffering from|living with|likely to be|who(?:se)?\s\w+\s(?:is|are|shows?))"
    return re.compile(
        rf"\b{_PEOPLE}\s{verb}\s(?:\w+\s){{0,2}}?{term}(?![\w-])"
        rf"|\b(?:likely |probably |recently |newly |our |to |all |the ){{0,6}}{term}\s(?:\w+\s)?{_PEOPLE}\b"
        rf"|\b(?:target(?:ing)?|e-?mail|text|message|reach|send\s(?:\w+\s){{0,4}}?to|campaign (?:for|to)|aimed at|segment of|audience:?)\s(?:only |our |all |the |likely |those ){{0,6}}{term}(?![\w-])(?!\s(?:recipes?|products?|newsletter|collection|range|food|bars?|cookbooks?|line|wear|clothing|snacks|day|awareness|cookware|dishes|cuisine|jewellery))",
        re.IGNORECASE,
    )


SENSITIVE: Final = {name: _sensitive(term) for name, term in SENSITIVE_TERMS.items()}
# "those who subscribed to it": a choice the people made themselves is a lawful ground.
CHOSEN: Final = re.compile(
    r"\b(?:subscribed to|signed up for|opted in|asked for|who bought|-friendly|-free)\b", re.IGNORECASE
)
NEGATED: Final = re.compile(
    r"\b(?:not|n['’]t|never|no|nobody|avoid(?:ing)?|without|don['’]?t|exclud(?:e|ing)|except|leav(?:e|ing) out|rather than|instead of|refrain from|stop|nor|must not|make sure (?:not|no one))"
    r"(?:\s(?:to|want|any|should|ever|be|please|anyone|people|customers|the|use|using|by|say|claim|make|making|saying|who|that|it|this|is|are|e-?mail|contact|include|target)){0,6}\s*$",
    re.IGNORECASE,
)
