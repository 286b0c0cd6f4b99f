"""Every page, in one list for the application."""

from __future__ import annotations

from api.web import (
    approvals,
    audience,
    campaigns,
    chat,
    choices,
    evals,
    experiments,
    files,
    following,
    going,
    lift,
    offers,
    overview,
    policies,
    shared,
    signing_in,
)

ROUTERS = (
    files.router,
    signing_in.router,
    approvals.router,
    chat.router,
    choices.router,
    lift.router,
    shared.router,
    campaigns.router,
    following.router,
    going.router,
    audience.router,
    offers.router,
    experiments.router,
    evals.router,
    policies.router,
    overview.router,
)
