"""The HTTP application over one opened home."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from api.http import (
    approvals,
    audit,
    campaigns,
    catalogue,
    chat,
    docs,
    events,
    health,
    imports,
    models,
    readouts,
    users,
)
from api.http.bodies import BoundedBodies
from api.http.faults import answer_faults
from api.wiring import App

DESCRIPTION = "Nothing reaches a customer until a person has countersigned exactly what will run."


def build_api(app: App) -> FastAPI:
    """Return the application; the caller has opened the home and closes it afterwards."""
    api = FastAPI(
        title="Countersign", version=_version(), description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    api.state.app = app
    answer_faults(api)
    api.add_middleware(BoundedBodies)
    for part in (
        health,
        chat,
        campaigns,
        readouts,
        approvals,
        audit,
        events,
        imports,
        catalogue,
        users,
        models,
        docs,
    ):
        api.include_router(part.router)
    return api


def _version() -> str:
    try:
        return version("countersign")
    except PackageNotFoundError:
        return "0.0.0"
