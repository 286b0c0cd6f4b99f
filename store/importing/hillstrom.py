"""The Hillstrom example made into a home's files, through the same importers that read any shop's files.

Nothing of the source file is copied into the home. Ids, addresses, zones, consents and halves are synthetic, by seed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from store.database import Database
from store.ids import IdSource
from store.importing.catalogue import import_actions, import_products, read_documents, save_documents
from store.importing.csv_table import TextTable, read_csv_file
from store.importing.customers import import_customers
from store.importing.example import DEFAULT_EXAMPLES, Example, ExampleError, read_example
from store.importing.experiments import HISTORY, WORLD, LoggedExperiment, import_experiment
from store.warehouse import Warehouse

Progress = Callable[[str], None]

SCOPE = f"half = '{WORLD}'"
"""Whom a campaign of this example may reach: only people whose real outcomes the replay world holds."""


class HillstromSummary(NamedTuple):
    """What the example's home holds. `arms` and `conversions` are of the whole file, by action."""

    customers: int
    history: int
    world: int
    arms: Mapping[str, int]
    conversions: Mapping[str, int]
    consents: Mapping[str, int]
    experiment_id: str
    document_ids: tuple[str, ...]
    example: Example


@dataclass(frozen=True, slots=True)
class Log:
    """The real file as columns of text, checked against its published totals."""

    columns: Mapping[str, Sequence[str]]
    sha256: str
    rows: int
    arms: Mapping[str, int]
    conversions: Mapping[str, int]


def load_log(folder: Path, example: Example) -> Log:
    """Read the real file and compare it with everything that was published about it; raises ExampleError naming the
    first total that differs.
    """
    real = example.real
    path = folder / real.file
    if not path.is_file():
        raise ExampleError(f"The example's data file {real.file} is missing from {folder}.", value=real.file)
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    _check("sha256", digest, real.sha256)
    rows = list(csv.reader(gzip.decompress(raw).decode("utf-8").splitlines()))
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    arms = {arm.action: columns["segment"].count(name) for name, arm in real.arms.items()}
    converted = [
        name for name, cell in zip(columns["segment"], columns["conversion"], strict=True) if cell == "1"
    ]
    conversions = {arm.action: converted.count(name) for name, arm in real.arms.items()}
    log = Log(columns, digest, len(rows) - 1, arms, conversions)
    _check("rows", log.rows, real.rows)
    for arm in real.arms.values():
        _check(f"people of {arm.action}", arms[arm.action], arm.people)
        _check(f"conversions of {arm.action}", conversions[arm.action], arm.conversions)
    for name, published in (
        ("visit", real.mean_visit),
        ("conversion", real.mean_conversion),
        ("spend", real.mean_spend),
    ):
        mean = sum(map(Decimal, columns[name]), Decimal(0)) / log.rows
        _check(f"mean {name}", str(mean.quantize(Decimal(published), ROUND_HALF_EVEN)), published)
    return log


def months_before(day: date, months: int) -> date:
    """The day `months` calendar months earlier, or the last day of that month when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = following.toordinal() - date(year, month + 1, 1).toordinal()
    return date(year, month + 1, min(day.day, last))


def customers_table(log: Log, example: Example, seed: int) -> TextTable:
    """The real attributes with synthetic ids, addresses, zones, consents and halves, as a customers file."""
    synthetic, real = example.synthetic, example.real
    n = log.rows
    rows = range(1, n + 1)
    recencies = {str(r): months_before(example.campaign.starts_on, r).isoformat() for r in range(1, 13)}
    shares = {word: Decimal(share) for word, share in synthetic.consent_shares.items()}
    if sum(shares.values()) != 1:
        raise ExampleError(f"The consent shares add up to {sum(shares.values())}, not to 1.", value=shares)
    zones = _rng(seed, 1).integers(len(synthetic.timezones), size=n)
    words = _rng(seed, 2).choice(list(shares), size=n, p=[float(share) for share in shares.values()])
    said = words.tolist()
    yes_no = {"0": "false", "1": "true"}
    columns: dict[str, Sequence[str]] = {
        "external_id": [str(row) for row in rows],
        "email": [f"customer-{row}@example.invalid" for row in rows],
        "timezone": [synthetic.timezones[zone] for zone in zones.tolist()],
        "locale": [synthetic.locale] * n,
        "consent.email.marketing": said,
        "consent_at": [synthetic.consent_at.isoformat() if word else "" for word in said],
        "consent_source": [synthetic.consent_source] * n,
        "attr.last_purchase_on": [recencies[cell] for cell in log.columns["recency"]],
        "attr.past_year_spend": log.columns["history"],
        "attr.bought_mens": [yes_no[cell] for cell in log.columns["mens"]],
        "attr.bought_womens": [yes_no[cell] for cell in log.columns["womens"]],
        "attr.new_customer": [yes_no[cell] for cell in log.columns["newbie"]],
        "attr.area": [real.areas[cell] for cell in log.columns["zip_code"]],
        "attr.last_channel": [real.channels[cell] for cell in log.columns["channel"]],
        "attr.half": _halves(n, Decimal(synthetic.history_share), seed),
    }
    return TextTable(f"{example.name} customers (synthetic identities)", log.sha256, columns, n)


def experiment_table(log: Log, example: Example) -> TextTable:
    """The real arms and outcomes as the file of a logged experiment, arms named by the example's actions."""
    actions = {name: arm.action for name, arm in example.real.arms.items()}
    columns: dict[str, Sequence[str]] = {
        "external_id": [str(row) for row in range(1, log.rows + 1)],
        "arm": [actions[cell] for cell in log.columns["segment"]],
        "propensity": [example.experiment.propensity] * log.rows,
        "visit": log.columns["visit"],
        "conversion": log.columns["conversion"],
        "spend": log.columns["spend"],
    }
    return TextTable(f"{example.name} experiment", log.sha256, columns, log.rows)


def prepare_hillstrom(
    database: Database,
    warehouse: Warehouse,
    replay_dir: Path,
    *,
    workspace_id: str,
    seed: int,
    ids: IdSource,
    at: datetime,
    on_progress: Progress,
    folder: Path = DEFAULT_EXAMPLES / "hillstrom",
) -> HillstromSummary:
    """Fill an empty workspace with the example: customers, logged experiment, products, actions, brand documents.

    seed: of zones, consents and halves. ids: makes person, import and experiment ids. at: the home's time (aware UTC).
    on_progress is told each finished step in a sentence. Raises ExampleError when the data is not what it should be.
    """
    example = read_example(folder)
    log = load_log(folder, example)
    on_progress(f"Read {log.rows:,} customers of a real experiment; all published totals match.")
    document_ids = _import_catalogue(database, folder, workspace_id, at)
    on_progress(f"Imported products, actions and {len(document_ids)} brand documents.")
    customers = customers_table(log, example, seed)
    imported = import_customers(
        database,
        warehouse,
        customers,
        workspace_id=workspace_id,
        ids=ids,
        at=at,
        default_timezone=example.synthetic.timezones[0],
        default_locale=example.synthetic.locale,
        synthetic=True,
    )
    on_progress(f"Imported {imported.rows:,} customers with synthetic identities and consents.")
    declared = LoggedExperiment(**example.experiment.model_dump(exclude={"propensity"}))
    logged = import_experiment(
        database,
        warehouse,
        replay_dir,
        experiment_table(log, example),
        declared,
        workspace_id=workspace_id,
        ids=ids,
        at=at,
    )
    on_progress(
        f"Imported the experiment: {logged.history:,} customers to learn from, {logged.world:,} sealed as the world."
    )
    words = customers.column("consent.email.marketing")
    consents = {word or "blank": words.count(word) for word in example.synthetic.consent_shares}
    return HillstromSummary(
        imported.rows,
        logged.history,
        logged.world,
        log.arms,
        log.conversions,
        consents,
        logged.experiment_id,
        document_ids,
        example,
    )


def _import_catalogue(database: Database, folder: Path, workspace_id: str, at: datetime) -> tuple[str, ...]:
    with database.write() as session:
        import_products(session, read_csv_file(folder / "products.csv"), workspace_id=workspace_id)
        import_actions(session, read_csv_file(folder / "actions.csv"), workspace_id=workspace_id)
        documents = save_documents(
            session, read_documents(folder / "brand"), workspace_id=workspace_id, at=at
        )
        return tuple(document.document_id for document in documents)


def _check(what: str, found: object, published: object) -> None:
    if found != published:
        raise ExampleError(
            f"The example's data differs from what was published: {what} is {found}, not {published}.",
            value=found,
        )


def _rng(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream])


def _halves(n: int, history_share: Decimal, seed: int) -> list[str]:
    in_history: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
    in_history[_rng(seed, 3).permutation(n)[: int(n * history_share)]] = True
    return [HISTORY if history else WORLD for history in in_history.tolist()]
