"""Turns are told apart in seven languages, and what steers a conversation is never read as a change."""

from __future__ import annotations

import pytest

from agents.conversation.hearing import UNDO_ALL, hear
from agents.conversation.merging import merge_turn
from agents.conversation.remembering import facts_in
from agents.conversation.standing import Spoken, Standing
from agents.conversation.vocabulary import LANGUAGES, tokens_of, vocabulary
from agents.planner.parser import read_brief
from tests.agents.conversation.scripts import reading_of, scripts

BY = reading_of(scripts()[0])
TEXT = "Win back customers who have not bought for 6 months by e-mail, budget $2,000, 1-14 December, hold out 10 %."
WINBACK = Spoken("1", "Winback", TEXT, read_brief(TEXT, today=BY.today, home_currency="USD"))
RENEWAL_TEXT = "Renewal of premium members by push, budget $700"
RENEWAL = Spoken("2", "Renewal", RENEWAL_TEXT, read_brief(RENEWAL_TEXT, today=BY.today, home_currency="USD"))
ALONE = Standing((WINBACK,), "1")
TWO = Standing((WINBACK, RENEWAL), "2")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("undo", 1), ("Undo that, please!", 1), ("No, undo that", 1), ("OK go back", 1), ("undo the last two changes", 2),
        ("undo twice", 2), ("undo the last 3 changes", 3), ("take that back", 1), ("undo everything", UNDO_ALL),
        ("bitte rückgängig machen", 1), ("mach das rückgängig", 1), ("die letzten zwei Änderungen zurücknehmen", 0),
        ("annule ça", 1), ("annule les deux dernières modifications", 2), ("deshaz el último cambio", 1),
        ("deshacer todo", UNDO_ALL), ("desfazer", 1), ("desfaça a última alteração", 1), ("annulla l'ultima modifica", 1),
        ("maak dat ongedaan", 1), ("draai terug", 1),
    ],
)  # fmt: skip
def test_undo_is_heard_with_its_levels(text: str, levels: int) -> None:
    heard = hear(text, ALONE, BY)
    if levels:
        assert (heard.kind, heard.levels) == ("undo", levels)
    else:
        assert heard.kind != "change"


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("How many people will it reach?", "people"), ("Why this segment?", "segments"), ("what will it cost", "cost"),
        ("When does it start?", "dates"), ("What will it bring?", "forecast"), ("Is it approved yet?", "status"),
        ("What if we doubled the budget?", "what_if"), ("Wie viele Kunden erreichen wir?", "people"),
        ("Warum dieses Segment?", "segments"), ("Was kostet das?", "cost"), ("Combien de clients ?", "people"),
        ("Pourquoi ce segment ?", "segments"), ("Et si on doublait le budget ?", "what_if"), ("¿Cuánto costará?", "cost"),
        ("¿Por qué este segmento?", "segments"), ("Quanto vai custar?", "cost"), ("Por que este segmento?", "segments"),
        ("Quanto costa?", "cost"), ("Perché questo segmento?", "segments"), ("Hoeveel klanten bereiken we?", "people"),
        ("Waarom dit segment?", "segments"), ("Wat kost het?", "cost"),
    ],
)  # fmt: skip
def test_questions_are_heard_with_their_topic(text: str, topic: str) -> None:
    heard = hear(text, ALONE, BY)
    assert (heard.kind, heard.topic) == ("question", topic)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("make it bolder", "tone", "bold"), ("etwas formeller bitte", "tone", "formal"), ("plus chaleureux", "tone", "warm"),
        ("más divertido", "tone", "playful"), ("mais formal", "tone", "formal"), ("più semplice", "tone", "plain"),
        ("maak het speelser", "tone", "playful"),
    ],
)  # fmt: skip
def test_another_tone_is_asked_for(text: str, field: str, value: str) -> None:
    heard = hear(text, ALONE, BY)
    assert heard.kind == "change" and heard.merged is not None
    assert getattr(heard.merged.record.constraints, field) == value


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("3k instead", 3000), ("let's do 4k", 4000), ("raise the budget by $500", 2500), ("double the budget", 4000),
        ("cut the budget by 10 %", 1800), ("verdopple das Budget", 4000), ("doublez le budget", 4000),
        ("duplica el presupuesto", 4000), ("raddoppia il budget", 4000), ("halveer het budget", 1000),
        ("dobre o orçamento", 4000), ("only women over 60", 2000), ("customers in 3 cities", 2000),
    ],
)  # fmt: skip
def test_budgets_are_changed_relative_to_the_record_and_numbers_alone_are_none(
    text: str, amount: int
) -> None:
    merged = merge_turn(WINBACK.record, text, BY)
    assert merged.record.budget is not None and merged.record.budget.amount == amount
    assert merged.record.budget.currency == "USD"


@pytest.mark.parametrize(
    ("text", "campaign", "kind"),
    [
        ("the other one: $30", "1", "change"), ("for the winback campaign, hold out 5 %", "1", "change"),
        ("in the first one, add SMS", "1", "change"), ("for the second campaign, $800", "2", "change"),
        ("pour l'autre campagne, 900 $", "1", "change"), ("für die andere Kampagne: $900", "1", "change"),
        ("$900", "2", "change"), ("for the summer campaign, $900", "2", "change"), ("the premium members one: $9", "2", "change"),
    ],
)  # fmt: skip
def test_the_campaign_that_is_named_is_the_one_changed(text: str, campaign: str, kind: str) -> None:
    heard = hear(text, TWO, BY)
    assert heard.campaign is not None
    assert (heard.campaign.campaign_id, heard.kind) == (campaign, kind)


def test_words_that_fit_two_campaigns_are_asked_about() -> None:
    heard = hear("for the budget campaign, add SMS", TWO, BY)
    assert (heard.kind, heard.topic) == ("which", "budget")


@pytest.mark.parametrize("text", ["I approve it", "Launch now!", "send it", "go live", "ich genehmige"])
def test_words_that_sound_like_an_approval_change_nothing(text: str) -> None:
    assert hear(text, ALONE, BY).kind == "approval"


@pytest.mark.parametrize(
    "text", ["?", "…", "!!!", "\u200b", "🙂🙂", "the the the", "a" * 8_000, "¿" * 50, "undo" * 500]
)
def test_noise_changes_nothing(text: str) -> None:
    assert hear(text, ALONE, BY).kind not in ("change", "undo", "brief", "answer")


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("We never text", ["never_channel"]), ("Always sign as Anna's Bakery.", ["signature"]),
        ("our fiscal year starts in April", ["fiscal_year"]), ("We always hold out 10 %", ["holdout"]),
        ("Always friendly, please", ["tone"]), ("Unterschreibe immer als Bäckerei Anna", ["signature"]),
        ("unser Geschäftsjahr beginnt im April", ["fiscal_year"]), ("Remember that Maria likes blue", []),
        ("sign as bob@example.com", []), ("sign as Studio 54", []), ("sign as {{ customer.name }}", []),
    ],
)  # fmt: skip
def test_only_a_closed_set_of_facts_is_read(text: str, kinds: list[str]) -> None:
    assert [each.fact.kind for each in facts_in(text, BY)] == kinds


def test_every_language_has_the_words_that_steer() -> None:
    from importlib.resources import files
    from tomllib import loads

    held = {
        language: loads(files("agents.conversation").joinpath("words", f"{language}.toml").read_text("utf-8"))
        for language in LANGUAGES
    }
    wanted = {"undo", "question_words", "topic", "tone", "add", "remove", "new_campaign", "other_one", "yes"}
    assert all(wanted <= words.keys() for words in held.values())
    assert all(tokens_of(" ".join(phrase)) for known in vocabulary().phrases.values() for phrase in known)
