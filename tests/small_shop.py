"""A small shop made through the real importers: 1,600 customers, a logged experiment, two e-mail actions, brand documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from policies.workspace_rules import Exclusion, WorkspaceRules
from store.audit import AuditLog
from store.clock import ReplayClock
from store.database import migrate
from store.home import Home, HomeSettings, create_home
from store.ids import SeededIds
from store.importing.catalogue import import_actions, import_products
from store.importing.csv_table import TextTable
from store.importing.customers import import_customers
from store.importing.experiments import LoggedExperiment, import_experiment
from store.repositories.told_people import people_of
from store.repositories.workspaces import add_user, create_workspace, get_workspace, grant_role, issue_key
from store.tables import Document
from store.warehouse import Warehouse

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
PEOPLE = 1600
BRIEF = (
    "Bring back customers who have not bought for 6+ months with our men's and women's merchandise e-mails. "
    "Budget $40, e-mail only, 1-14 December, hold out 10 %. More visits, without hurting spend."
)
VAGUE = (
    "Bring back customers who have not bought for 6+ months with our men's and women's merchandise e-mails, "
    "e-mail only, 1-14 December, hold out 10 %. More visits, without hurting spend."
)
ROLES = {"Ada": "marketer", "Grace": "campaign_manager", "Linus": "campaign_manager", "Root": "admin"}


@dataclass(frozen=True)
class Shop:
    """A prepared home: its workspace, users by name and their keys."""

    home: Home
    workspace_id: str
    users: dict[str, str]
    keys: dict[str, str]


def make_shop(path: Path, *, seed: int = 1, address: str | None = None) -> Shop:
    """Prepare the shop; the same seed makes the same people, ids and halves.

    `address` names an empty PostgreSQL database for everything that is not a file; without one, SQLite.
    """
    home = create_home(path, home_settings(seed, address))
    database = home.database()
    migrate(database)
    ReplayClock(database, home.settings.home_id).start(START)
    ids = SeededIds(f"shop:{seed}", START)
    users: dict[str, str] = {}
    keys: dict[str, str] = {}
    with database.write() as session:
        workspace = create_workspace(
            session, ids=ids, at=START, name="Small shop", currency="USD", timezone="America/New_York"
        )
        workspace_id = workspace.workspace_id
        for name, role in ROLES.items():
            user = add_user(session, ids=ids, at=START, workspace_id=workspace_id, name=name)
            grant_role(session, ids=ids, at=START, workspace_id=workspace_id, user_id=user.user_id, role=role)
            issued = issue_key(
                session, ids=ids, at=START, workspace_id=workspace_id, user_id=user.user_id, label="test"
            )
            users[name], keys[name] = user.user_id, issued.plain
        get_workspace(session, workspace_id).rules = shop_rules(seed).model_dump(mode="json")
        import_products(session, _table("products", PRODUCTS), workspace_id=workspace_id)
        import_actions(session, _table("actions", ACTIONS), workspace_id=workspace_id)
        session.add(
            Document(
                workspace_id=workspace_id,
                document_id="voice",
                kind="brand",
                title="Voice",
                text="Tone: warm\nAddress: none",
                updated_at=START,
            )
        )
        AuditLog(home.keys_dir).append(
            session,
            workspace_id=workspace_id,
            at=START,
            actor=users["Root"],
            action="workspace.created",
            subject=workspace_id,
            detail={"users": list(users.values())},
            rows=people_of(session, workspace_id),
        )
    warehouse = Warehouse(home.history_dir)
    customers, experiment = people_tables(seed)
    import_customers(
        database,
        warehouse,
        customers,
        workspace_id=workspace_id,
        ids=ids,
        at=START,
        default_timezone="America/New_York",
        synthetic=True,
    )
    import_experiment(
        database,
        warehouse,
        home.replay_dir,
        experiment,
        _LOGGED,
        workspace_id=workspace_id,
        ids=ids,
        at=START,
    )
    warehouse.close()
    database.close()
    return Shop(home, workspace_id, users, keys)


PRODUCTS = {
    "product_id": ["mens_merchandise", "womens_merchandise"],
    "name": ["Men's merchandise", "Women's merchandise"],
    "category": ["menswear", "womenswear"],
    "description": ["Shirts and coats for men.", "Dresses and coats for women."],
    "price": ["", ""],
    "currency": ["", ""],
}
ACTIONS = {
    "action_id": ["mens_merchandise", "womens_merchandise"],
    "name": ["Men's e-mail", "Women's e-mail"],
    "channel": ["email", "email"],
    "message_cost_minor": ["20", "20"],
    "currency": ["USD", "USD"],
    "product_id": ["mens_merchandise", "womens_merchandise"],
    "offer_id": ["", ""],
    "cost_source": ["declared by the test", "declared by the test"],
}
_LOGGED = LoggedExperiment(
    name="E-mail test",
    starts_on=date(2025, 3, 1),
    ends_on=date(2025, 3, 14),
    source="made by seed for tests",
    note="synthetic",
    outcome_label="outcome of a made-up e-mail",
)


def home_settings(seed: int, address: str | None = None) -> HomeSettings:
    """The settings of a replay home, with an empty PostgreSQL database where one is named."""
    return HomeSettings(
        home_id="01M7XTESTSHOP0000000000000",
        kind="demo",
        clock="replay",
        seed=seed,
        created_at=START,
        currency="USD",
        timezone="America/New_York",
        allowed_channels=("replay", "file"),
        operational_url=address,
        checkpoints_url=address,
        jobs_url=address,
    )


def shop_rules(seed: int) -> WorkspaceRules:
    """Small batches, and half of the people kept to learn from."""
    return WorkspaceRules(
        reward_delay_hours=12,
        observed_share="1/3",
        batch_people=60,
        exclusions=(
            Exclusion(reason_id="history", definition="half = 'history'", words="kept to learn from"),
        ),
        seed=seed,
    )


def _table(name: str, columns: dict[str, list[str]]) -> TextTable:
    return TextTable(name, "0" * 64, columns, len(next(iter(columns.values()))))


def people_tables(seed: int) -> tuple[TextTable, TextTable]:
    """The customers and the experiment, as they are read in."""
    rng = np.random.default_rng([seed, 20])
    n = PEOPLE
    ids = [str(row) for row in range(1, n + 1)]
    mens, womens = rng.random(n) < 0.6, rng.random(n) < 0.5
    months = rng.integers(1, 13, n)
    arm = rng.choice(["mens_merchandise", "womens_merchandise", "none"], n)
    rate = 0.1 + 0.2 * ((arm == "mens_merchandise") & mens) + 0.15 * ((arm == "womens_merchandise") & womens)
    visit = rng.random(n) < rate
    bought = visit & (rng.random(n) < 0.2)
    spend = np.where(bought, rng.integers(10, 90, n), 0)
    consent = rng.choice(["yes", "withdrawn", "", "suppressed"], n, p=[0.9, 0.04, 0.04, 0.02])
    customers = {
        "external_id": ids,
        "email": [f"customer-{row}@example.invalid" for row in ids],
        "timezone": rng.choice(["America/New_York", "America/Los_Angeles"], n).tolist(),
        "consent.email.marketing": consent.tolist(),
        "consent_at": ["2026-01-15T09:00:00+00:00" if word else "" for word in consent.tolist()],
        "consent_source": ["synthetic"] * n,
        "attr.last_purchase_on": [
            f"{2026 if m < 12 else 2025}-{12 - m if m < 12 else 12:02d}-01" for m in months
        ],
        "attr.past_year_spend": [f"{value:.2f}" for value in rng.gamma(2.0, 100.0, n)],
        "attr.bought_mens": ["true" if flag else "false" for flag in mens],
        "attr.bought_womens": ["true" if flag else "false" for flag in womens],
        "attr.half": rng.choice(["history", "world"], n).tolist(),
    }
    experiment = {
        "external_id": ids,
        "arm": arm.tolist(),
        "propensity": ["1/3"] * n,
        "visit": ["1" if flag else "0" for flag in visit],
        "conversion": ["1" if flag else "0" for flag in bought],
        "spend": [str(value) for value in spend],
    }
    return _table("customers", customers), _table("experiment", experiment)
