"""Whether the process is alive, and whether it can work."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.http.signing_in import app_of
from store.threads import in_thread

router = APIRouter(tags=["health"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(request: Request) -> JSONResponse:
    """Say whether the database answers and due work is carried out; 503 when either does not."""
    app = app_of(request)

    def answers() -> bool:
        with app.database.read() as session:
            return session.connection().execute(sa.text("SELECT 1")).scalar() == 1

    database = await in_thread(answers)
    parts = {
        "database": "ok" if database else "down",
        "jobs": "running" if app.engine.running else "not running",
        "model": app.models.model_id,
    }
    is_ready = database and app.engine.running
    return JSONResponse(
        {"status": "ready" if is_ready else "not ready", **parts}, status_code=200 if is_ready else 503
    )
