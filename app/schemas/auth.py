"""Signing in, and who one is."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.permissions import Role
from app.schemas.base import Input, Line, Output, Password


class TokenForm(Input):
    """The OAuth2 form: a person's password (`username` is `login@slug`), or a machine's client credentials.

    A machine may also give its credentials as HTTP Basic authentication.
    """

    grant_type: Literal["password", "client_credentials"] = "password"
    username: Line | None = None
    password: Password | None = None
    client_id: Line | None = None
    client_secret: Password | None = None
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
    partner: str | None
    roles: list[Role]
    commune_insee_codes: list[str]
    permissions: list[str]
