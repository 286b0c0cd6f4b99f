"""Every page, in one list for the application."""

from __future__ import annotations

from api.web import (
    approvals,
    audience,
    campaigns,
    chat,
    choices,
    experiments,
    files,
    following,
    lift,
    offers,
    overview,
    signing_in,
)

ROUTERS = (
    files.router,
    signing_in.router,
    approvals.router,
    chat.router,
    choices.router,
    lift.router,
    campaigns.router,
    following.router,
    audience.router,
    offers.router,
    experiments.router,
    overview.router,
)
