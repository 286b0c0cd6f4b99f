"""Briefs with amounts and days of other things beside their own: read exactly, and nothing is asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agents.planner.parser import read_brief
from tests.agents.planner.tables import table

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("row", table("plain_briefs.tsv"), ids=lambda row: row["words"][:40])
def test_a_brief_with_decoys_is_planned_without_a_question(row: dict[str, str]) -> None:
    brief = read_brief(row["words"], today=TODAY)
    assert brief.budget is not None
    assert (brief.budget.amount, brief.budget.currency) == (Decimal(row["amount"]), row["currency"])
    assert (str(brief.start), str(brief.end)) == (row["start"], row["end"])
    assert (brief.action, brief.questions) == ("plan", [])


@pytest.mark.parametrize("row", table("unsaid_forms.tsv"), ids=lambda row: row["words"][-40:])
def test_what_is_past_negated_or_of_others_fills_no_field(row: dict[str, str]) -> None:
    brief = read_brief(row["words"], today=TODAY)
    assert {field: getattr(brief, field) for field in row["unsaid"].split(",")} == dict.fromkeys(
        row["unsaid"].split(",")
    )


PLAIN = {
    "en": "Win back customers who have not bought for 180 days. Email. Budget $2,000. 1 to 14 December.",
    "de": "Rückgewinnung von Kunden ohne Kauf seit 180 Tagen. E-Mail. Budget 2.000 €. 1. bis 14. Dezember.",
    "fr": "Relance des clients sans achat depuis 180 jours. E-mail. Budget 2 000 €. Du 1er au 14 décembre.",
    "es": "Recuperar clientes sin compras desde hace 180 días. Correo electrónico. Presupuesto 2.000 €. Del 1 al 14 de diciembre.",
    "pt": "Recuperar clientes sem compras há 180 dias. E-mail. Orçamento 2.000 €. De 1 a 14 de dezembro.",
    "it": "Riconquistare i clienti che non acquistano da 180 giorni. Email. Budget 2.000 €. Dal 1 al 14 dicembre.",
    "nl": "Klanten terugwinnen die 180 dagen niets gekocht hebben. E-mail. Budget € 2.000. 1 tot en met 14 december.",
}
STATED = (
    "action",
    "objective",
    "kpi",
    "audience",
    "budget",
    "start",
    "end",
    "channels",
    "refusals",
    "questions",
)


@pytest.mark.parametrize("row", table("asides.tsv"), ids=lambda row: row["words"][:40])
def test_an_aside_before_or_behind_a_brief_changes_nothing(row: dict[str, str]) -> None:
    plain = PLAIN[row["language"]]
    alone = read_brief(plain, today=TODAY)
    for text in (f"{plain} {row['words']}", f"{row['words']} {plain}"):
        told = read_brief(text, today=TODAY)
        assert {name: getattr(told, name) for name in STATED} == {
            name: getattr(alone, name) for name in STATED
        }
