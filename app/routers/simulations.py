"""What a loan would be: open to all, nothing is stored."""

from app.dependencies import Language, Now, PublicTransaction
from app.routing import router as strict_router
from app.schemas.simulations import SimulationCreate, SimulationRead
from app.services import simulations

router = strict_router("/v1", "simulations")


@router.post("/simulations", summary="A loan that nobody has decided")
async def create(session: PublicTransaction, now: Now, language: Language, body: SimulationCreate) -> SimulationRead:
    """The schedule, the APR (TAEG), the usury test, and every breach of the rules of a CCAS, if one is named."""
    return await simulations.create(session, now=now, language=language, body=body)
