"""The HTTP application over one opened home."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.routing import Route

from api.agui import endpoint as agui
from api.decisioning.serving import serve_decisions
from api.http import (
    approvals,
    audit,
    authority,
    campaigns,
    catalogue,
    chat,
    choices,
    consents,
    conversations,
    docs,
    evals,
    events,
    experiments,
    health,
    imports,
    journeys,
    lift,
    managed,
    memory,
    messages,
    models,
    notifications,
    people,
    policy_changes,
    proposals,
    readouts,
    shared,
    users,
    waiting,
)
from api.http.bodies import BoundedBodies
from api.http.faults import answer_faults
from api.inbound import pages as inbound_pages
from api.inbound import reports
from api.langgraph_server import assistants, runs, threads
from api.mcp.endpoint import PATH, McpEndpoint
from api.web.pages import ROUTERS
from api.wiring import App

DESCRIPTION = "Nothing reaches a customer until a person has countersigned exactly what will run."


def build_api(app: App) -> FastAPI:
    """Return the application; the caller has opened the home and closes it afterwards."""
    api = FastAPI(
        title="Countersign", version=release(), description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    api.state.app = app
    answer_faults(api)
    api.add_middleware(BoundedBodies)
    if app.settings.allowed_origins:
        # keys travel in headers, never in cookies, so an origin gains nothing without a user's key
        api.add_middleware(
            CORSMiddleware,
            allow_origins=app.settings.allowed_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Content-Location"],
        )
    # first, because routes are tried in order and these are asked for most
    serve_decisions(api, app.home, app.database, app.audit, app.clock, app.ids)
    for part in (
        managed,
        health,
        chat,
        conversations,
        memory,
        campaigns,
        messages,
        choices,
        people,
        readouts,
        lift,
        shared,
        experiments,
        evals,
        approvals,
        waiting,
        proposals,
        policy_changes,
        authority,
        audit,
        events,
        consents,
        imports,
        catalogue,
        users,
        notifications,
        inbound_pages,
        reports,
        models,
        docs,
        threads,
        runs,
        assistants,
        agui,
        journeys,
    ):
        api.include_router(part.router)
    for router in ROUTERS:
        api.include_router(router)
    api.router.routes.append(Route(PATH, McpEndpoint(api, release()), include_in_schema=False))
    return api


def release() -> str:
    """Return the version of Countersign that is installed."""
    try:
        return version("countersign")
    except PackageNotFoundError:
        return "0.0.0"
