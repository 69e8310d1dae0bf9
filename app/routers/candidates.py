"""Who may already be known: the search before somebody is added."""

from app.dependencies import Caller, Transaction
from app.routing import router as strict_router
from app.schemas.candidates import CandidateList, CandidateSearch
from app.services import candidates

router = strict_router("/v1/people/candidates", "candidates")


@router.post("", summary="Who may already be known")
async def search(session: Transaction, caller: Caller, body: CandidateSearch) -> CandidateList:
    """Without regard to accents or case, over one typing error, names exchanged, or day and month exchanged."""
    return await candidates.search(session, body=body)
