"""Signing in, and who one is."""

from typing import Annotated

from fastapi import Form

from app.dependencies import BasicCredentials, Caller, Now, TransactionSource
from app.routing import router as strict_router
from app.schemas.auth import MeRead, TokenForm, TokenRead
from app.services import auth

router = strict_router("/v1", "auth")


@router.post("/auth/token", summary="A token for `login@slug`, or for a partner's machine")
async def token(
    sessions: TransactionSource, form: Annotated[TokenForm, Form()], basic: BasicCredentials, now: Now
) -> TokenRead:
    """A bearer token of 30 minutes (OAuth2, password or client credentials)."""
    return await auth.token(sessions, form=form, basic=basic, now=now)


@router.get("/me", summary="Who am I?")
async def me(caller: Caller) -> MeRead:
    """Tenant or partner, roles, communes, and the operations that the roles allow."""
    return auth.describe(caller)
