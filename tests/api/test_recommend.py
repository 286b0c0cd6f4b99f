"""`countersign recommend`: items with reasons from a file of purchases; bad files and parameters are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli.main import run


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tea people and garden people over half a year, returns among their purchases."""
    folder, rng = tmp_path_factory.mktemp("shop"), np.random.default_rng(4)
    lines = ["person,item,day,pieces"]
    for person in range(80):
        kind = "tea" if person % 2 else "garden"
        for _ in range(10):
            day = np.datetime64("2026-01-01") + rng.integers(0, 180)
            lines.append(f"{kind}-fan-{person},{kind}{rng.integers(0, 8)},{day} 09:30,1")
    lines += ["tea-fan-1,garden9,2026-06-20,-1", ",tea1,2026-06-20,1"]
    (folder / "bought.csv").write_text("\n".join(lines))
    (folder / "items.csv").write_text(
        "item,value,margin,stock,text\ntea1,5,2,3,green tea\ntea2,9,4,0,black tea\n"
    )
    people = [f"tea-fan-{n},tea" for n in range(1, 80, 2)]
    (folder / "segments.csv").write_text("\n".join(["person,segment", *people, "stranger,tea"]))
    return folder


def answer(capsys: pytest.CaptureFixture[str], shop: Path, *argv: str) -> dict[str, Any]:
    assert run(["--json", "recommend", str(shop / "bought.csv"), "--amount", "pieces", *argv]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("by", ["item_item", "cosine", "factors"])
def test_everybody_is_recommended_what_their_kind_buys(
    shop: Path, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    told = answer(capsys, shop, "--to", "tea-fan-1", "--to", "garden-fan-2", "--by", by, "--count", "6")
    assert told["left_out_rows"] == 2 and told["before"] <= "2026-07-01"
    for person, kind in zip(told["people"], ("tea", "garden"), strict=True):
        assert not person["cold_start"]
        assert all(each["item"].startswith(kind) and each["words"] for each in person["items"])


def test_rules_and_a_stranger(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--items", str(shop / "items.csv"), "--segments", str(shop / "segments.csv"), "--in-stock")
    told = answer(capsys, shop, "--to", "stranger", *given)
    (person,) = told["people"]
    assert person["cold_start"] and [each["item"] for each in person["items"]] == ["tea1"]
    assert person["items"][0]["reason_id"] == "popular_in_segment"
    assert {each["rule"] for each in person["left_out"]} == {"out_of_stock"}
    assert run(["recommend", str(shop / "bought.csv"), "--to", "stranger", *given]) == 0
    out = capsys.readouterr().out
    assert "cold start" in out and "popular in tea now" in out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--item", "sku"), "no column 'sku'"),
        (("--by", "magic"), "no recommender 'magic'"),
        (("--by", "texts"), "needs a file --items"),
        (("--as-of", "June"), "must be a day as YYYY-MM-DD"),
        (("--as-of", "2020-01-01"), "no purchase is before 2020-01-01"),
        (("--amount", "day"), "is not a number"),
        (("--day", "item"), "does not begin with a day"),
        (("--count", "0"), "count 0 must be 1 to 100"),
    ],
)
def test_bad_input_is_named(
    shop: Path, capsys: pytest.CaptureFixture[str], argv: tuple[str, str], said: str
) -> None:
    assert run(["recommend", str(shop / "bought.csv"), "--to", "tea-fan-1", *argv]) == 1
    assert said in capsys.readouterr().err
