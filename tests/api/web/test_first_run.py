"""The first run: an empty workspace leads somebody who reads nothing but the screen to a campaign that runs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.setup import Member, Tenant, make_home
from store.clock import FixedClock, ReplayClock
from store.ids import SeededIds
from tests.api.web.conftest import Desk, SignIn, serving
from tests.api.web.test_in_a_browser import LATE
from tests.small_shop import ACTIONS, BRIEF, PRODUCTS, START, Shop, home_settings, people_tables, shop_rules


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Desk]:
    """A served home with one admin and nothing else."""
    tenant = Tenant("Corner shop", (Member("Root", ("admin",)),), shop_rules(7))
    made = make_home(tmp_path / "home", home_settings(7), tenant, SeededIds("first", START))
    database = made.home.database()
    ReplayClock(database, made.home.settings.home_id).start(FixedClock(START).now())
    database.close()
    (root,) = made.keys
    shop = Shop(made.home, made.workspace_id, {"Root": root.user_id}, {"Root": root.key})
    with serving(shop) as desk:
        yield desk


def write(path: Path, columns: dict[str, list[str]]) -> Path:
    """Write columns as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return path


def test_an_empty_workspace_leads_by_the_hand_to_a_campaign_that_runs(
    empty: Desk, as_user: SignIn, tmp_path: Path
) -> None:
    customers, experiment = people_tables(1)
    files = {
        "customers": write(tmp_path / "customers.csv", customers.columns),
        "products": write(tmp_path / "products.csv", PRODUCTS),
        "actions": write(tmp_path / "actions.csv", ACTIONS),
        "experiment": write(tmp_path / "spring.csv", experiment.columns),
    }
    root = as_user(empty, "Root")
    root.get_by_role("heading", name="Your first campaign").wait_for()
    root.get_by_role("link", name="Bring data in").click()
    for kind, file in files.items():
        root.get_by_label("It holds").select_option(kind)
        root.get_by_label("File", exact=True).set_input_files(file)
        if kind == "experiment":
            root.get_by_label("What it was called").fill("Spring e-mail")
            root.get_by_label("First day").fill("2025-03-01")
            root.get_by_label("Last day").fill("2025-03-14")
        root.get_by_role("button", name="Read in").click()
        root.locator("#taken").get_by_text(f"{kind} read in").wait_for()
    root.get_by_role("link", name="To the conversation").click()

    root.get_by_role("link", name="Invite somebody").click()
    root.get_by_label("Name").fill("Grace")
    root.get_by_role("button", name="Invite").click()
    empty.shop.keys["Grace"] = root.get_by_role("status").locator("code").inner_text()
    root.get_by_role("navigation", name="Main").get_by_role("link", name="Chat").click()

    root.get_by_text("Grace may sign").wait_for()
    root.get_by_label("Your objective").fill(BRIEF)
    root.get_by_role("button", name="Send").click()
    root.get_by_role("link", name="Look at the proposal").click(timeout=LATE)

    grace = as_user(empty, "Grace")
    grace.get_by_role("navigation", name="Main").get_by_role("link", name="Approvals").click()
    grace.get_by_role("link", name="Winback").click()
    grace.get_by_label("Approve").first.check()
    grace.get_by_role("button", name="Countersign").click()
    grace.get_by_role("link", name="campaign:").click()
    grace.get_by_text("batches out").first.wait_for(timeout=LATE)
    grace.locator("#live .pill", has_text="completed").wait_for(timeout=LATE)

    root.get_by_role("navigation", name="Main").get_by_role("link", name="Chat").click()
    root.get_by_role("heading", name="What should a campaign achieve?").wait_for()
