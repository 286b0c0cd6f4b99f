"""Briefs in the languages that are read, and in some that are only recognised."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agents.planner.brief import BriefPolicy
from agents.planner.parser import language_of, merge_answer, read_brief

TODAY = date(2026, 11, 21)
POLICY = BriefPolicy.model_validate(
    {
        "discount_ceiling_pct": 40,
        "frequency_cap": {"messages": 3, "days": 7},
        "quiet_hours_local": ["21:00", "08:00"],
    }
)
Row = tuple[str, str, str, str, str | None, str | None, list[str]]
READ: list[Row] = [
    ("Bitte reaktiviert Kunden, die seit 6 Monaten nichts gekauft haben. Budget 2.500 €, nur E-Mail, vom 1. bis 14. Dezember.",
     "winback", "2500", "EUR", "2026-12-01", "2026-12-14", ["email"]),
    ("Wir wollen mehr Bewertungen von Kunden, deren Bestellung geliefert wurde. 800 Euro, per SMS, ab Montag für zwei Wochen.",
     "review_collection", "800", "EUR", "2026-11-23", "2026-12-06", ["sms"]),
    ("Relancez les clients qui n'ont pas acheté depuis 6 mois. Budget 3 000 euros, par e-mail, du 1er au 15 décembre.",
     "winback", "3000", "EUR", "2026-12-01", "2026-12-15", ["email"]),
    ("Lancement de notre nouvelle collection, 4.000 €, e-mail et SMS, mars 2027, pas de push",
     "product_launch", "4000", "EUR", "2027-03-01", "2027-03-31", ["email", "sms"]),
    ("Queremos recuperar a los clientes que no compran desde hace 6 meses. Presupuesto: 2.000 euros, solo por correo electrónico, del 1 al 14 de diciembre.",
     "winback", "2000", "EUR", "2026-12-01", "2026-12-14", ["email"]),
    ("Quero trazer de volta clientes que não compram há mais de 90 dias. Orçamento de R$ 5.000, e-mail e push, de 1 a 15 de dezembro.",
     "winback", "5000", "BRL", "2026-12-01", "2026-12-15", ["email", "push"]),
    ("Vogliamo riconquistare i clienti che non acquistano da 6 mesi. Budget 2 mila euro, solo email, dal 1 al 14 dicembre.",
     "winback", "2000", "EUR", "2026-12-01", "2026-12-14", ["email"]),
    ("Win klanten terug die al 6 maanden niets hebben besteld. Budget € 2.000, alleen e-mail, van 1 t/m 14 december.",
     "winback", "2000", "EUR", "2026-12-01", "2026-12-14", ["email"]),
]  # fmt: skip
FORBIDDEN = [
    ("consent_violation", "Winback per E-Mail, 500 EUR. Schreibt auch die an, die sich abgemeldet haben."),
    ("skip_approval", "Winback par e-mail, 500 EUR. Envoyez sans attendre la validation."),
    ("missing_unsubscribe", "Winback por email a los clientes inactivos, 500 EUR. Quita el enlace de baja."),
    ("quiet_hours_violation", "Reativar clientes inativos por SMS, 500 EUR. Envie de madrugada."),
    ("minors_targeting", "Promozione delle scarpe via email, 500 EUR. Rivolta ai minorenni."),
    ("sensitive_attribute_targeting", "Mail een aanbieding van 500 EUR aan zwangere vrouwen."),
    ("discount_ceiling", "Weihnachtsaktion per E-Mail, 60 % Rabatt, 900 EUR."),
]
UNREAD = [
    ("pl", "Chcemy odzyskać klientów, którzy nie kupowali od 6 miesięcy. Budżet 5000 zł, e-mail."),
    ("sv", "Vi vill vinna tillbaka kunder som inte har köpt på 6 månader. Budget 20 000 kr, e-post."),
    ("ja", "6か月間購入していないお客様を呼び戻したい。予算は50万円、メールのみ。"),
    ("ru", "Вернуть клиентов, которые не покупали полгода. Бюджет 5000 рублей, email."),
    ("el", "Θέλουμε να ξανακερδίσουμε πελάτες. Προϋπολογισμός 2000 ευρώ, email."),
]


@pytest.mark.parametrize("row", READ, ids=[row[0][:30] for row in READ])
def test_a_brief_is_read_in_its_language(row: Row) -> None:
    text, objective, amount, currency, start, end, channels = row
    brief = read_brief(text, today=TODAY, policy=POLICY)
    assert (brief.action, brief.objective, brief.channels) == ("plan", objective, channels)
    assert brief.budget is not None and (brief.budget.amount, brief.budget.currency) == (
        Decimal(amount),
        currency,
    )
    read = brief.model_dump(mode="json")
    assert (read["start"], read["end"]) == (start, end)


@pytest.mark.parametrize(("code", "text"), FORBIDDEN)
def test_a_forbidden_ask_is_found_in_every_language(code: str, text: str) -> None:
    assert [refusal.code for refusal in read_brief(text, today=TODAY, policy=POLICY).refusals] == [code]


@pytest.mark.parametrize(("language", "text"), UNREAD)
def test_a_language_that_is_not_read_is_asked_back_in_it(language: str, text: str) -> None:
    assert language_of(text) == language
    brief = read_brief(text, today=TODAY)
    assert brief.action == "clarify" and brief.slots == {}
    assert [question.field for question in brief.questions] == ["objective", "audience", "budget"]
    assert "What should" not in brief.questions[0].question


def test_questions_and_their_suggestions_are_in_the_marketers_language() -> None:
    brief = read_brief("Wir wollen bitte irgendetwas für unsere Marke machen", today=TODAY)
    asked = {question.field: question for question in brief.questions}
    assert asked["objective"].question.endswith("Was soll die Kampagne erreichen?")
    merged = merge_answer(brief, "objective", asked["objective"].suggestion, today=TODAY, language="de")
    assert merged.objective == "winback"
    assert [question.field for question in merged.questions] == ["budget"]


def test_misspelt_words_are_put_right_and_other_words_left_alone() -> None:
    text = "helo, plz make a campagne to get a secnd order from custmers who bougt only once. budjet 1500 euros. by emial. startng tommorow for 2 weeks"
    brief = read_brief(text, today=TODAY)
    assert (brief.objective, brief.channels) == ("repeat_purchase", ["email"])
    assert (brief.start, brief.end) == (date(2026, 11, 22), date(2026, 12, 5))
