"""Policy changes on the command line: proposed by one person, read and signed by another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.looking import read_changes
from api.cli.main import run
from policies.errors import InvalidInputError
from tests.small_shop import Shop


def line(capsys: pytest.CaptureFixture[str], home: Path, who: str, *words: str) -> str:
    code = run([*words, "--home", str(home), "--as", who])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def test_a_user_is_proposed_read_signed_and_gets_both_halves(
    capsys: pytest.CaptureFixture[str], shop: Shop
) -> None:
    home = shop.home.path
    add = ("users", "add", "Eve", "--role", "legal", "--reason", "contracts", "--json")
    made: dict[str, Any] = json.loads(line(capsys, home, "Root", *add))
    read = line(capsys, home, "Grace", "approvals", "show", made["approval_id"])
    assert "Add the user Eve as legal" in read and "contracts" in read and made["digest"] in read
    assert made["key_half"] not in read
    signed = line(capsys, home, "Grace", "approvals", "resolve", made["approval_id"], "approve")
    assert "the approval is approved" in signed
    assert "It has taken effect." in line(capsys, home, "Ada", "approvals", "show", made["approval_id"])
    half = line(capsys, home, "Grace", "users", "key-half", made["approval_id"])
    assert "The second half of the key of Eve" in half
    explained = line(capsys, home, "Ada", "authority", "explain", made["approval_id"])
    assert "policy change" in explained and "Never by who had a part in it: Root." in explained


def test_rules_are_proposed_with_what_they_replace(capsys: pytest.CaptureFixture[str], shop: Shop) -> None:
    home = shop.home.path
    said = line(capsys, home, "Root", "policies", "set", "approval_days=5", "--reason", "shorter")
    assert "Nothing has changed yet" in said
    approval = next(word for word in said.split() if len(word) == 26 and word.startswith("01"))
    read = line(capsys, home, "Linus", "approvals", "show", approval)
    assert [word for word in ("approval_days", "7", "5", "shorter") if word not in read] == []
    code = run(["policies", "set", "approval_days=0", "--home", str(home), "--as", "Root"])
    assert (code, "approval_days" in capsys.readouterr().err) == (1, True)


@pytest.mark.parametrize("text", ["", "approval_days", "=5", " =5"])
def test_a_rule_without_a_name_or_a_value_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="NAME=VALUE"):
        read_changes([text])


def test_values_are_json_or_else_text() -> None:
    given = read_changes(["approval_days=5", "quiet_from=20:00", 'channels=["email"]', "frequency_cap=null"])
    assert given == {"approval_days": 5, "quiet_from": "20:00", "channels": ["email"], "frequency_cap": None}
    with pytest.raises(InvalidInputError, match="once"):
        read_changes(["seed=1", "seed=2"])
