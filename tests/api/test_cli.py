"""The command line, run in this process against a home of the test's own."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.cli.client import DEMO_KEYS
from api.cli.main import run
from api.cli.options import moved_to_front
from store.home import home_lock, open_home
from tests.api.conftest import Proposed
from tests.import_walk import ROOT
from tests.small_shop import VAGUE, Shop

HEAVY = (
    "sklearn",
    "scipy",
    "chromadb",
    "langchain_openai",
    "ibis",
    "langgraph",
    "langchain_core",
    "pandas",
    "sqlalchemy",
)


class Line:
    """Runs command lines and reads what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self._capsys = capsys
        self._home = home

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = run([*words, "--home", str(self._home)])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err

    def json(self, *words: str) -> Any:
        code, out, err = self(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str], shop: Shop) -> Line:
    return Line(capsys, shop.home.path)


def test_help_loads_no_heavy_package() -> None:
    code = (
        "import sys\nfrom api.cli.main import run\nassert run(['--help']) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    for command in (
        "demo",
        "init",
        "serve",
        "import",
        "chat",
        "brief",
        "plan",
        "approvals",
        "campaigns",
        "audience",
        "offers",
        "policies",
        "users",
        "models",
        "readout",
        "audit",
    ):
        assert f"\n  {command} " in done.stdout


def test_shared_options_may_stand_anywhere() -> None:
    words = ["approvals", "--home", "a", "list", "--json", "--key=k", "--status", "pending", "--", "--json"]
    assert moved_to_front(words) == [
        "--home",
        "a",
        "--json",
        "--key=k",
        "approvals",
        "list",
        "--status",
        "pending",
        "--",
        "--json",
    ]


def test_a_brief_is_read_without_a_home_and_without_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Win back lapsed customers by e-mail, 1-14 December, budget $2,000"
    assert run(["brief", "--today", "2026-11-21", "--json", text]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["action"], record["objective"], record["start"]) == ("plan", "winback", "2026-12-01")
    assert record["budget"] == {"amount": 2000, "currency": "USD"}
    start, end = record["slots"]["budget"]["span"]
    assert "2,000" in text[start:end]
    assert run(["brief", "--today", "2026-11-21", text]) == 0
    assert "“$2,000”" in capsys.readouterr().out


def test_init_makes_two_people_who_can_sign_in(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = Line(capsys, tmp_path / "new")
    made = line.json(
        "init", "--name", "Corner shop", "--admin", "Kim", "--second", "Sam", "--second-role", "legal"
    )
    home = open_home(tmp_path / "new")
    assert [(user["name"], user["roles"]) for user in made["users"]] == [
        ("Kim", ["admin"]),
        ("Sam", ["legal"]),
    ]
    assert (home.settings.kind, home.settings.clock) == ("standard", "wall")
    assert stat.S_IMODE(home.settings_file.stat().st_mode) == 0o600
    kim, sam = (user["key"] for user in made["users"])
    assert kim not in home.settings_file.read_text()
    assert [user["name"] for user in line.json("users", "list", "--key", kim)] == ["Kim", "Sam"]
    code, out, err = line("users", "list", "--key", sam)
    assert (code, out) == (1, "") and "legal" in err
    assert line.json("audit", "verify", "--key", sam)["ok"] is True
    code, _, err = line("init")
    assert code == 1 and "not empty" in err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--second-role", "king"], "king"),
        (["--currency", "dollars"], "dollars"),
        (["--timezone", "Mars/Base"], "Mars/Base"),
        (["--admin", "Sam", "--second", "Sam"], "Sam"),
        (["--name", ""], "0"),
        (["--seed", "-1"], "-1"),
    ],
)
def test_a_bad_init_leaves_nothing_behind(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], named: str
) -> None:
    code, out, err = Line(capsys, tmp_path / "new")("init", *options)
    assert code != 0 and out == ""
    assert named in err and err.count("\n") == 1
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["approvals", "show", "none-such", "--as", "Grace"], "none-such"),
        (["approvals", "resolve", "none-such", "perhaps", "--as", "Grace"], "perhaps"),
        (["approvals", "resolve", "x", "approve_limited", "--limit", "people", "--as", "Grace"], "people"),
        (["approvals", "list", "--status", "odd", "--as", "Grace"], "odd"),
        (["campaigns", "stop", "none-such", "--as", "Ada"], "none-such"),
        (["campaigns", "export", "none-such", "--as", "Grace"], "none-such"),
        (["offers", "--key", "cs_wrong"], "cs_wro…"),
        (["offers", "--as", "Nobody"], "Nobody"),
        (["offers"], "no key"),
        (["chat", "", "--as", "Ada"], "empty"),
        (["plan", "Hello", "--answer", "budget", "--as", "Ada"], "budget"),
        (["brief", "--today", "soon", "Hello"], "soon"),
        (["brief", "--timezone", "Mars/Base", "Hello"], "Mars/Base"),
        (["brief", ""], "empty"),
        (["audience", "count", "shoe_size > 40", "--as", "Ada"], "shoe_size"),
        (["import", "customers", "/nowhere/shop.csv", "--as", "Ada"], "/nowhere/shop.csv"),
        (["users", "grant", "Ada", "king", "--as", "Root"], "king"),
        (["users", "list", "--as", "Ada"], "marketer"),
        (["readout", "none-such", "--as", "Ada"], "none-such"),
        (["fly"], "fly"),
        (["offers", "--colour"], "--colour"),
    ],
    ids=" ".join,
)
def test_an_error_is_one_line_that_names_the_value(
    line: Line, words: list[str] | tuple[str], named: str
) -> None:
    code, out, err = line(*words)
    assert (code != 0, out) == (True, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    assert named in err


def test_with_json_an_error_is_an_object(line: Line) -> None:
    code, out, err = line("approvals", "show", "none-such", "--as", "Grace", "--json")
    assert code == 1 and err.count("\n") == 1
    assert json.loads(out) == {
        "error": "not_found",
        "message": "there is no approval none-such",
        "value": "none-such",
    }


def test_a_home_that_is_not_there_or_in_use_is_named(line: Line, shop: Shop, tmp_path: Path) -> None:
    assert run(["offers", "--home", str(tmp_path / "nothing"), "--key", "cs_x"]) == 1
    with home_lock(shop.home):
        code, _, err = line("offers", "--as", "Ada")
    assert code == 1 and "in use by process" in err


def test_the_made_up_users_of_a_demo_home_do_not_exist_elsewhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = Line(capsys, tmp_path / "new")
    line.json("init")
    (tmp_path / "new" / "keys" / DEMO_KEYS).write_text('{"Grace": "cs_x"}')
    code, _, err = line("offers", "--as", "Grace")
    assert code == 1 and "countersign demo" in err


def test_looking_prints_tables_and_json(line: Line) -> None:
    assert line.json("offers", "--as", "Ada")["actions"][0]["action_id"] == "mens_merchandise"
    assert "USD 0.20" in line("offers", "--as", "Ada")[1]
    counted = line.json("audience", "count", "days_since_purchase >= 180", "--as", "Ada")
    assert counted["gross"] == counted["net"] + sum(step["removed"] for step in counted["steps"])
    assert "withdrew consent" in line("audience", "count", "days_since_purchase >= 180", "--as", "Ada")[1]
    assert "gate.workspace_stopped" in line("policies", "show", "--as", "Ada")[1]
    assert "embedded-rules/1" in line("models", "check", "--as", "Ada")[1]
    assert line.json("campaigns", "list", "--as", "Ada") == []
    assert "No campaign yet" in line("campaigns", "list", "--as", "Ada")[1]


def test_an_import_from_the_command_line_is_whole_or_nothing(line: Line, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("external_id,consent.email.marketing\nn1,\n")
    bad.write_text("external_id,consent.email.marketing\nn2,yes\nn3,sometimes\n")
    code, _, err = line("import", "customers", str(bad), "--as", "Ada")
    assert code == 1 and "row 2" in err and "sometimes" in err
    assert line.json("import", "customers", str(good), "--as", "Ada")["detail"]["new"] == 1


def test_questions_are_answered_on_the_line_and_the_proposal_is_shown(line: Line) -> None:
    asked = line.json("plan", VAGUE, "--as", "Ada")
    assert (asked["event"], asked["questions"][0]["field"]) == ("questions", "budget")
    shown = line.json("plan", VAGUE, "--answer", "budget=$40", "--as", "Ada")
    assert shown["content"]["envelope"]["budget"]["shown"] == "USD 40.00"
    assert len(line.json("approvals", "list", "--status", "pending", "--as", "Grace")) == 1


def test_an_approval_is_shown_resolved_launched_and_exported(
    capsys: pytest.CaptureFixture[str], proposed: Proposed, tmp_path: Path
) -> None:
    line = Line(capsys, proposed.shop.home.path)
    page = line("approvals", "show", proposed.approval_id, "--as", "Grace")[1]
    for words in (
        proposed.digest,
        "match the definition",
        "80 % intervals",
        "consent.only_consented",
        "tool count_audience",
    ):
        assert words in page
    code, _, err = line("approvals", "resolve", proposed.approval_id, "approve", "--as", "Ada")
    assert code == 1 and "author" in err
    done = line.json("approvals", "resolve", proposed.approval_id, "approve", "--as", "Grace")
    assert done["status"] == "approved"
    code, _, err = line(
        "approvals", "resolve", proposed.approval_id, "reject", "--comment", "No", "--as", "Linus"
    )
    assert code == 1 and "already approved" in err
    campaign = line.json("campaigns", "show", proposed.campaign_id, "--as", "Ada")
    assert campaign["state"] == "completed"
    file = tmp_path / "sends.csv"
    line.json("campaigns", "export", proposed.campaign_id, "--to", str(file), "--as", "Grace")
    assert file.read_text().count(",sent,") == campaign["launch"]["people"]["sent"] > 0
    assert "Forecast and what came" in line("readout", proposed.campaign_id, "--as", "Ada")[1]
    assert "whole" in line("audit", "verify", "--as", "Ada")[1]
