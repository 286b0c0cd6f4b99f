"""Files read in: the body of the request is the CSV itself, and nothing is kept unless all of it can be."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session

from api.http.bodies import require_size, stated_size
from api.http.signing_in import Caller, SignedIn
from api.views.numbers import View
from policies.authority import Action
from policies.errors import InvalidInputError
from policies.privacy import require_no_address
from store.audiences import customer_schema
from store.clock import FixedClock
from store.ids import RandomIds
from store.importing.catalogue import import_actions, import_products
from store.importing.csv_table import LARGEST_FILE_BYTES, TextTable, read_csv_file
from store.importing.customers import import_customers
from store.importing.experiments import LoggedExperiment, import_experiment
from store.importing.offers import import_offers
from store.repositories.workspaces import get_workspace
from store.threads import in_thread

router = APIRouter(prefix="/v1/imports", tags=["imports"])


class FileNameError(InvalidInputError):
    """The name given for an uploaded file is a path, or not printable."""

    code = "file_name"


class Imported(View):
    """What one import did; `detail` counts what is special to its kind."""

    kind: str
    rows: int
    detail: dict[str, int | str]


def name_of(name: Annotated[str, Query(min_length=1, max_length=200)] = "upload.csv") -> str:
    """Return the file's name as errors say it: printable, no path and no address."""
    if not name.isprintable() or not name.strip() or "/" in name or "\\" in name or name in (".", ".."):
        raise FileNameError(
            f"the file name {name!a} is not usable; write one such as customers.csv, without a path",
            value=ascii(name),
        )
    require_no_address("the file name", name)
    return name


FileName = Annotated[str, Depends(name_of)]
Day = Annotated[date, Query(ge=date(1970, 1, 1), le=date(2199, 12, 31))]
Words = Annotated[str, Query(max_length=2_000)]


@router.post("/customers")
async def customers(caller: SignedIn, request: Request, name: FileName, synthetic: bool = False) -> Imported:
    """Read customers in: `external_id,email,…,consent.<channel>.<purpose>,attr.*`; a known external id is updated."""
    caller.require(Action.IMPORT_DATA)
    app = caller.app
    at = app.clock.now()
    workspace = await in_thread(_timezone, caller)

    def keep(table: TextTable) -> Imported:
        done = import_customers(
            app.database,
            app.warehouse,
            table,
            workspace_id=caller.workspace_id,
            ids=RandomIds(FixedClock(at)),
            at=at,
            default_timezone=workspace,
            synthetic=synthetic,
        )
        detail: dict[str, int | str] = {"new": done.new, "updated": done.updated, "import_id": done.import_id}
        return Imported(kind="customers", rows=done.rows, detail=detail)

    return await _read_in(request, name, keep)


@router.post("/experiment")
async def experiment(
    caller: SignedIn,
    request: Request,
    file: FileName,
    experiment_name: Annotated[str, Query(min_length=1, max_length=200)],
    starts_on: Day,
    ends_on: Day,
    source: Words = "",
    note: Words = "",
    outcome_label: Words = "outcome of the logged experiment",
) -> Imported:
    """Read a logged experiment in: `external_id,arm,propensity,visit,conversion,spend` of imported customers."""
    caller.require(Action.IMPORT_DATA)
    app = caller.app
    for what, text in (
        ("name", experiment_name),
        ("source", source),
        ("note", note),
        ("label", outcome_label),
    ):
        require_no_address(f"the {what} of the experiment", text)
    declared = LoggedExperiment(
        name=experiment_name,
        starts_on=starts_on,
        ends_on=ends_on,
        source=source or file,
        note=note,
        outcome_label=outcome_label,
    )

    def keep(table: TextTable) -> Imported:
        done = import_experiment(
            app.database,
            app.warehouse,
            app.home.replay_dir,
            table,
            declared,
            workspace_id=caller.workspace_id,
            ids=app.ids,
            at=app.clock.now(),
        )
        detail: dict[str, int | str] = {f"arm {arm}": people for arm, people in done.arms.items()}
        detail |= {"history": done.history, "world": done.world, "experiment_id": done.experiment_id}
        return Imported(kind="experiment", rows=table.rows, detail=detail)

    return await _read_in(request, file, keep)


@router.post("/{kind}")
async def catalogue(
    caller: SignedIn, request: Request, kind: Literal["offers", "products", "actions"], name: FileName
) -> Imported:
    """Read offers, products or actions in; a known id is replaced."""
    caller.require(Action.IMPORT_DATA)

    def keep(table: TextTable) -> Imported:
        with caller.app.database.write() as session:
            return Imported(kind=kind, rows=_catalogue(caller, session, kind, table), detail={})

    return await _read_in(request, name, keep)


def _catalogue(caller: Caller, session: Session, kind: str, table: TextTable) -> int:
    if kind == "products":
        return import_products(session, table, workspace_id=caller.workspace_id)
    if kind == "actions":
        return import_actions(session, table, workspace_id=caller.workspace_id)
    currency = get_workspace(session, caller.workspace_id).currency
    schema = customer_schema(caller.app.warehouse, caller.workspace_id)
    return import_offers(session, table, workspace_id=caller.workspace_id, currency=currency, schema=schema)


async def _read_in(request: Request, name: str, keep: Callable[[TextTable], Imported]) -> Imported:
    require_size(stated_size(request.scope), LARGEST_FILE_BYTES)
    async with _received(request) as path:
        return await in_thread(lambda: keep(read_csv_file(path, name)))


@asynccontextmanager
async def _received(request: Request) -> AsyncIterator[Path]:
    """The body as a private file outside the home, gone with the block: a home keeps no source file."""
    with tempfile.TemporaryDirectory(prefix="countersign-import-") as folder:
        path = Path(folder) / "upload"
        size = 0
        with path.open("wb") as stream:
            async for chunk in request.stream():
                size += len(chunk)
                require_size(size, LARGEST_FILE_BYTES)
                await asyncio.to_thread(stream.write, chunk)
        yield path


def _timezone(caller: Caller) -> str:
    with caller.app.database.read() as session:
        return get_workspace(session, caller.workspace_id).timezone
