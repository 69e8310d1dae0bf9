"""Signing in, and who one is."""

from typing import Annotated

from fastapi import Form

from app.dependencies import Caller, Now, TransactionSource
from app.routing import router as strict_router
from app.schemas.auth import MeRead, TokenForm, TokenRead
from app.services import auth

router = strict_router("/v1", "auth")


@router.post("/auth/token", summary="A token for `login@slug`")
async def token(sessions: TransactionSource, form: Annotated[TokenForm, Form()], now: Now) -> TokenRead:
    """A bearer token of 30 minutes (OAuth2, password grant)."""
    return await auth.sign_in(sessions, username=form.username, password=form.password, now=now)


@router.get("/me", summary="Who am I?")
async def me(caller: Caller) -> MeRead:
    """Tenant, roles, communes, and the operations that the roles allow."""
    return auth.describe(caller)
