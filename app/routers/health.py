"""Whether the service lives, and whether it can work."""

from fastapi import Request

from app.dependencies import PublicTransaction
from app.routing import router as strict_router
from app.schemas.health import HealthRead
from app.services import health

router = strict_router("/health", "health")


@router.get("/live", summary="Is the process alive?")
async def live() -> HealthRead:
    """Answers as long as the process does."""
    return HealthRead(status="ok")


@router.get("/ready", summary="Are the database and its migrations in order?")
async def ready(request: Request, session: PublicTransaction) -> HealthRead:
    """503 when the database is away or not at the revision of this code."""
    return await health.ready(session, revision=request.app.state.revision)
