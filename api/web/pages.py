"""Every page, in one list for the application."""

from __future__ import annotations

from api.web import approvals, campaigns, chat, files, following, overview, signing_in

ROUTERS = (
    files.router,
    signing_in.router,
    approvals.router,
    chat.router,
    campaigns.router,
    following.router,
    overview.router,
)
