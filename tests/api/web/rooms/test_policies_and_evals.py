"""A made-up case before the rules, the suites' files, and settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.records.evals import EvalFilesError, baseline_root, read_baselines, read_runs
from api.web.evals import run_picture
from tests.api.conftest import Open, Proposed
from tests.api.web.rooms.conftest import PagesOf
from tests.small_shop import Shop

CASE = {"kind": "campaign", "reach": 150_000, "spend_minor": 500}


@pytest.mark.parametrize(
    ("changes", "risk", "seats"),
    [
        ({"reach": 5}, "low", [{"campaign_manager", "marketing_leader"}]),
        ({}, "high", [{"campaign_manager", "marketing_leader"}, {"marketing_leader"}]),
        ({"reach": 5, "new_claim": True}, "medium", [{"campaign_manager", "marketing_leader"}, {"legal"}]),
        ({"reach": 5, "waited": True}, "low", [{"campaign_manager", "marketing_leader", "admin"}]),
    ],
)
async def test_a_made_up_case_says_who_must_sign(
    shop: Shop, open_shop: Open, changes: dict[str, object], risk: str, seats: list[set[str]]
) -> None:
    async with open_shop(shop) as opened:
        said = (await opened.call("Ada", "POST", "/v1/policies/try", json=CASE | changes)).json()
    assert said["risk"] == risk
    found = [{role["role"] for role in seat["roles"]} for seat in said["seats"]]
    assert found == seats
    assert all(role["allowed"] and role["rules"] for seat in said["seats"] for role in seat["roles"])


async def test_a_proposal_needs_what_its_case_said(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        real = (await opened.call("Ada", "GET", f"/v1/proposals/{proposed.approval_id}/authority")).json()
        facts = {finding["fact"]: finding["value"] for finding in real["findings"]}
        case = {"kind": real["kind"], "reach": facts["reach"], "spend_minor": facts["spend"]}
        case |= {"new_creatives": facts["new_creatives"], "new_claim": bool(facts["new_claims"])}
        said = (await opened.call("Ada", "POST", "/v1/policies/try", json=case)).json()
    assert said["risk"] == real["risk"]
    assert [sorted(role["role"] for role in seat["roles"]) for seat in said["seats"]] == [
        sorted(seat["roles"]) for seat in real["signatures"]
    ]


async def test_a_case_is_tried_on_the_page_and_a_bad_one_is_named(shop: Shop, pages_of: PagesOf) -> None:
    made = Proposed(shop, "", "", "")
    async with pages_of(made, "Ada") as pages:
        page = await pages.get("/policies?kind=campaign&reach=150,000&sensitive=1")
        assert (
            "high risk" in page and "legal has to sign" in page and "authority.resolve_campaign.legal" in page
        )
        assert "permit (principal in Role::" in page or "permit (principal in Role::&#34;" in page
        for bad in ("kind=party", "kind=campaign&reach=many", "kind=campaign&discount_percent=101"):
            refused = await pages.shop.http.get(f"/policies?{bad}")
            assert refused.status_code == 422 and 'role="alert"' in refused.text


def write_run(folder: Path, **changes: object) -> None:
    figures = {"n": 10, "epochs": 1, "mean": 0.9, "low": 0.6, "high": 0.98, "p50_s": 0.1}
    suite = {
        "suite": "refusal",
        "suite_class": "quality",
        "exit": 1,
        "reasons": ["too low"],
        "figures": figures,
    }
    run = {
        "meta": {"model": "m/1", "tier": "commit", "started_at": "2026-01-02T03:04:05Z"},
        "verdict": {"exit": 1, "suites": [suite]},
        "flips": [{"suite": "refusal", "case": "benign-1", "change": "now fails", "traces": []}],
    }
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(run | changes), "utf-8")


def test_runs_are_read_as_the_suites_write_them_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    write_run(tmp_path / "one")
    write_run(tmp_path / "two", meta={"model": "m/2", "started_at": "2026-02-02T03:04:05Z"}, flips=[])
    runs = read_runs(tmp_path)
    assert [run.folder for run in runs] == ["two", "one"]
    assert runs[1].flips[0].case == "benign-1"
    picture = run_picture(runs[0])
    assert picture is not None and picture.title == "0 of 1 suites passed" and "<svg" in picture.wide
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "report.json").write_text("{}", "utf-8")
    with pytest.raises(EvalFilesError, match=r"bad/report\.json"):
        read_runs(tmp_path)
    assert read_runs(None) == [] and read_runs(tmp_path / "nowhere") == []


async def test_the_baselines_of_the_release_are_on_the_page(
    shop: Shop, pages_of: PagesOf, open_shop: Open
) -> None:
    baselines = read_baselines(baseline_root())
    assert {"refusal", "trajectory"} <= {one.suite for one in baselines}
    async with pages_of(Proposed(shop, "", "", ""), "Ada") as pages:
        view = (await pages.shop.call("Ada", "GET", "/v1/evals")).json()
        page = await pages.get("/evals")
    assert len(view["baselines"]) == len(baselines) and view["runs"] == []
    assert all(one.model in page for one in baselines) and "COUNTERSIGN_EVAL_RUNS" in page


async def test_settings_show_keys_to_who_may_and_take_one_back(shop: Shop, pages_of: PagesOf) -> None:
    made = Proposed(shop, "", "", "")
    async with pages_of(made, "Ada") as pages:
        page = await pages.get("/settings")
        assert "Channels" in page and "Check what they can do" in page and "Revoke" not in page
        assert (await pages.shop.call("Ada", "GET", "/v1/users/keys")).status_code == 403
        assert "embedded-rules/1" in await pages.get("/settings/models")
        refused = await pages.post("/settings/keys/01M7XTEST0000000000000000A/revoke")
        assert refused.status_code == 403
    async with pages_of(made, "Root") as pages:
        keys = (await pages.shop.call("Root", "GET", "/v1/users/keys")).json()
        theirs = next(key for key in keys if key["user"] == "Linus")
        assert all(shop.keys[name] not in str(keys) for name in shop.keys)
        assert "Revoke" in await pages.get("/settings")
        done = await pages.post(f"/settings/keys/{theirs['key_id']}/revoke")
        assert done.status_code == 303
        assert (await pages.shop.call("Linus", "GET", "/v1/campaigns")).status_code == 401
