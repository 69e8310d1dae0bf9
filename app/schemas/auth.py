"""Signing in, and who one is."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.permissions import Role
from app.schemas.base import Input, Line, Output, Password


class TokenForm(Input):
    """The OAuth2 password form. `username` is `login@slug`."""

    grant_type: Literal["password"] = "password"
    username: Line
    password: Password
    scope: Annotated[str, Field(max_length=200)] = ""


class TokenRead(Output):
    """A bearer token, good for `expires_in` seconds."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int


class MeRead(Output):
    """The caller: tenant, roles, communes, and the operations that the roles allow."""

    account_id: UUID
    username: str
    tenant: str | None
    roles: list[Role]
    commune_insee_codes: list[str]
    permissions: list[str]
