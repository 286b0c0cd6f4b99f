"""Every page, in one list for the application."""

from __future__ import annotations

<<<<<<< HEAD
from api.web import approvals, campaigns, chat, choices, files, following, overview, signing_in
=======
from api.web import approvals, campaigns, chat, choices, files, lift, overview, signing_in
>>>>>>> 2f18db9 (The lift is watched batch by batch in a band that holds at every look, and gives no verdict)

ROUTERS = (
    files.router,
    signing_in.router,
    approvals.router,
    chat.router,
    choices.router,
    lift.router,
    campaigns.router,
    following.router,
    overview.router,
)
